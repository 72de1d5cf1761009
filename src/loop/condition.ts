/** How the board is, told to the outlets: the state of its link, whether its values are live, and the figures of its health. */
import type { Session } from '../board/session.js';
import type { Decoder } from '../codec/decoder.js';
import type { Message } from '../codec/message.js';
import type { ClockModel, MappedTime } from '../deadline/clock.js';
import type { LinkState } from '../feed/slot.js';
import type { BoardControl } from './control.js';
import type { EmulatorLag } from './emulator-lag.js';
import type { KnownBoard } from './known-board.js';
import type { BoardReport } from './report.js';

export interface ConditionSources {
  readonly board: KnownBoard;
  readonly session: Session;
  readonly decoder: Decoder;
  readonly clock: ClockModel;
  readonly control: BoardControl;
  readonly emulator: EmulatorLag;
  readonly report: BoardReport;
}

export class BoardCondition {
  /** The newest `status` of this session: the board's own counters. */
  status: Message<'status'> | null = null;
  /** How often a port was opened for it. */
  opens = 0;
  #link: LinkState = 'absent';
  #sinceUs = 0;
  #wasLive = false;
  #isOver = false;
  readonly #mapped: MappedTime = { hostUs: Number.NaN, uncertaintyUs: Number.POSITIVE_INFINITY };

  constructor(private readonly sources: ConditionSources) {}

  link(state: LinkState, nowUs: number): void {
    if (state === this.#link) return;
    this.#link = state;
    this.#sinceUs = nowUs;
  }

  /** The bridge ends: nothing is live from now on. */
  end(nowUs: number): void {
    this.#isOver = true;
    this.link('absent', nowUs);
  }

  /** Tells at once when the newest values stop being live, or begin to be. @param isOpen whether there is a port */
  watch(nowUs: number, isOpen: boolean): void {
    const state = !isOpen || this.#link === 'refused' ? this.#link : this.#state();
    if (this.#isLive(nowUs) === this.#wasLive && state === this.#link) return;
    this.link(state, nowUs);
    this.tell(nowUs);
  }

  tell(nowUs: number): void {
    const { board, session, decoder, clock, control, emulator, report } = this.sources;
    const { counters } = decoder;
    const { status } = this;
    this.#wasLive = this.#isLive(nowUs);
    report.health(
      {
        link: this.#link,
        sinceUs: this.#sinceUs,
        policy: control.policy,
        live: this.#wasLive,
        boot: board.bootId,
        encoding: session.encoding,
        offsetUs: clock.offsetUs,
        uncertaintyUs: clock.map(nowUs - clock.offsetUs, this.#mapped).uncertaintyUs,
        driftPpm: clock.settled ? clock.driftPpm : Number.NaN,
        roundTripUs: clock.roundTripUs,
        bytes: counters.bytes,
        corruptFrames: counters.corruptFrames,
        foreignFrames: counters.foreignFrames,
        overlongLines: counters.overlongLines,
        reconnects: Math.max(0, this.opens - 1),
        boots: session.counters.boots,
        heartbeats: control.heartbeat.counters.sent,
        deviceOverruns: status?.overruns ?? Number.NaN,
        deviceReceiveErrors: status?.receiveErrors ?? Number.NaN,
        deviceDrops: status?.drops ?? Number.NaN,
        execMaxUs: status?.execMaxUs ?? Number.NaN,
        lineLoad: board.lineLoad,
        emulatorLagUs: emulator.newestUs,
      },
      nowUs,
    );
  }

  #state(): LinkState {
    const { board, session } = this.sources;
    const isPrinting = session.state === 'streaming' && !board.hasStreams;
    return isPrinting && board.plain?.monitor.silent === true ? 'silent' : session.state;
  }

  #isLive(nowUs: number): boolean {
    return !this.#isOver && this.sources.board.isLive(nowUs);
  }
}
