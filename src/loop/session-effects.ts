/** What a session with the board begins and ends: its contracts, the clock model, the looks at the port, commands. */
import type { Established, SessionEvent } from '../board/session-terms.js';
import type { Encoding } from '../codec/schema.js';
import type { BoardLoop } from './board-loop.js';
import type { PongIntake } from './pongs.js';
import type { BoardLoopOptions, LoopEvidence } from './surroundings.js';

/** Frames of the wrong length with the right CRC and tag that refuse a board: noise makes one in 2^32 damaged ones. */
const MISMATCHES_MAX = 3;

export interface SessionEffectsOptions {
  readonly loop: Pick<
    BoardLoop,
    'board' | 'clock' | 'control' | 'decoder' | 'deviceTime' | 'looked' | 'report' | 'session'
  >;
  readonly options: BoardLoopOptions;
  readonly pongs: PongIntake;
  /** The port's, while it is open. */
  readonly path: () => string | undefined;
}

export class SessionEffects {
  /** Who looks at the port; null before the first session. */
  evidence: LoopEvidence | null = null;
  /** The board goes on sending, and nobody takes it. */
  isRefused = false;
  /** In this session: frames that had other values than are declared, and streams that are not declared have been told of. */
  #mismatches = 0;
  #isStreamTold = false;

  constructor(private readonly given: SessionEffectsOptions) {}

  /** @returns false when the board and the settings do not go together: what the session receives from now on is nobody's */
  take(event: SessionEvent, nowUs: number): boolean {
    const { board, report } = this.given.loop;
    switch (event.type) {
      case 'established':
        this.#establish(event, nowUs);
        break;
      case 'streaming':
        return this.#open(event.encoding, nowUs);
      case 'lost':
        report.log('warning', `session lost: ${event.reason}`);
        this.#end(nowUs, true);
        break;
      case 'refused':
        this.#refuse(event.reason, nowUs);
        return false;
      case 'contended':
        report.alarm('second-host', true, event.reason);
        break;
      case 'monitoring':
        report.log('info', 'the board prints but does not answer: its lines are shown as unverified');
        this.#accept('its lines are shown');
        board.forget();
        board.tell(this.given.path());
    }
    return true;
  }

  /**
   * A good frame that the descriptor does not have like this.
   * @param declaredBytes what its signals make; null when it has no such stream
   * @returns false when the board is refused for it
   */
  undeclared(number: number, bytes: number, declaredBytes: number | null, nowUs: number): boolean {
    const { board, report } = this.given.loop;
    if (declaredBytes === null) {
      if (this.#isStreamTold) return true;
      this.#isStreamTold = true;
      report.log('warning', `the board sends stream ${number}, which its descriptor does not have: nobody takes it`);
      return true;
    }
    this.#mismatches++;
    const stream = board.byId[number];
    if (this.#mismatches < MISMATCHES_MAX || stream === undefined) return true;
    const lengths = `have ${bytes} bytes, the signals of its descriptor make ${declaredBytes}`;
    this.#refuse(`its frames of stream "${stream.name}" ${lengths}: make the two alike in the firmware`, nowUs);
    return false;
  }

  dispose(nowUs: number): void {
    this.#end(nowUs, false);
    this.evidence?.dispose();
  }

  #establish(established: Established, nowUs: number): void {
    const { pongs, loop } = this.given;
    const { board, clock, control, decoder, deviceTime, report } = loop;
    const { descriptor, bootId, bootIdBefore, resetCause, tag, deviceUs } = established;
    this.#mismatches = 0;
    this.#isStreamTold = false;
    board.establish(established);
    clock.restart();
    deviceTime.restart();
    pongs.restart();
    deviceTime.anchor(deviceUs, nowUs);
    decoder.layouts(descriptor.streams);
    control.opened(tag, descriptor.armable, descriptor.commands, nowUs);
    if (bootIdBefore !== null && bootIdBefore !== bootId) {
      report.log('warning', `the board was reset (${resetCause}): boot ${hex(bootId)} after ${hex(bootIdBefore)}`);
    }
    this.#accept('the board is taken');
    report.alarm('second-host', false, 'the board has taken this host');
  }

  #accept(text: string): void {
    const { report } = this.given.loop;
    this.isRefused = false;
    report.alarm('refused', false, text);
    report.alarm('baud', false, 'the bytes make sense');
  }

  /** The contracts need the encoding, because feasibility does: so the streams are made when it is known. */
  #open(encoding: Encoding, nowUs: number): boolean {
    const { loop, path } = this.given;
    const { board, control, session } = loop;
    const { established } = board;
    if (established === null) return true;
    this.#watch(established);
    const graceUs = Math.max(nowUs, session.graceUntilUs);
    const refused = board.open(encoding, this.evidence?.samples ?? null, graceUs);
    // Who it is first: what is refused has a name by now, and the alarm belongs to that.
    board.tell(path());
    if (refused !== null) this.#refuse(refused, nowUs);
    else for (const { id, name, monitor } of board.streams) control.policy.guard(id, name, monitor);
    return refused === null;
  }

  /** Begins to look at the port when the shortest period is overdue. */
  #watch({ descriptor }: Established): void {
    const { loop, options } = this.given;
    const periodUs = Math.min(...descriptor.streams.map((stream) => stream.periodUs));
    this.evidence?.dispose();
    this.evidence = options.evidence?.(periodUs, (nowUs) => loop.looked(nowUs)) ?? null;
    this.evidence?.start();
  }

  /** @param isLost nobody wanted it to end */
  #end(nowUs: number, isLost: boolean): void {
    const { board, control } = this.given.loop;
    board.close(nowUs);
    this.evidence?.close();
    control.closed(isLost);
  }

  #refuse(reason: string, nowUs: number): void {
    this.#end(nowUs, true);
    this.isRefused = true;
    this.given.loop.report.alarm('refused', true, `board refused: ${reason}`);
  }
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');
