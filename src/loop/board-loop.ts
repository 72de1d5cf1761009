/**
 * The tight loop of one board: bytes in, verdicts and records out. Everything that a frame meets between the port and
 * the ring is in `data`; the rest of this file connects the parts. No I/O and no clock of its own: the port, the clock
 * and the evidence are handed in, so that the same loop runs in virtual time.
 */
import { DescriptorCache } from '../board/descriptor-transfer.js';
import { Session } from '../board/session.js';
import type { SessionEvent } from '../board/session-terms.js';
import type { DataFrame } from '../codec/data-frame.js';
import { type Arrival, Decoder } from '../codec/decoder.js';
import { encode } from '../codec/encode.js';
import type { DeviceMessage, HostMessage, Message } from '../codec/message.js';
import type { PlainReading } from '../codec/plain.js';
import type { Encoding } from '../codec/schema.js';
import { ClockModel } from '../deadline/clock.js';
import { DeviceTime } from '../deadline/device-time.js';
import { verdictCode } from '../deadline/verdict.js';
import type { LinkState } from '../feed/slot.js';
import type { BoardCommand, CommandAnswer } from '../outlet.js';
import { BoardMessages } from './board-messages.js';
import { ClockWatch } from './clock-watch.js';
import { BoardCondition } from './condition.js';
import { BoardControl } from './control.js';
import { EmulatorLag } from './emulator-lag.js';
import { KnownBoard } from './known-board.js';
import { PongIntake } from './pongs.js';
import { BoardReport } from './report.js';
import { SessionEffects } from './session-effects.js';
import type { BoardLoopOptions, LoopPort } from './surroundings.js';

const SECOND_US = 1e6;
/** What one read of a terminal gives at most: after it there may be more. */
const FULL_READ_BYTES = 4095;
/** Between pings while the clock is not settled. */
const SETTLE_PING_US = 50_000;

export class BoardLoop {
  readonly board: KnownBoard;
  readonly control: BoardControl;
  readonly session: Session;
  readonly decoder: Decoder;
  readonly clock = new ClockModel();
  readonly deviceTime = new DeviceTime();
  readonly report: BoardReport;
  /** Frames of a stream that the descriptor does not have. */
  unknownStreamFrames = 0;
  /** Frames of a board that was refused: it goes on sending, and nobody takes them. */
  refusedFrames = 0;

  readonly #options: BoardLoopOptions;
  readonly #condition: BoardCondition;
  readonly #effects: SessionEffects;
  readonly #emulator: EmulatorLag;
  readonly #pongs: PongIntake;
  readonly #messages: BoardMessages;
  readonly #clockWatch: ClockWatch;
  #port: LoopPort | null = null;
  /** Of the chunk under way, and whether the evidence for it has been taken. */
  readonly #arrival = { arrivalUs: Number.NaN };
  #isSampled = true;
  /** When the frames of the chunk under way are judged; NaN until its first one. */
  readonly #judged = { judgedUs: Number.NaN };
  /** A frame of the chunk under way was newer than all before it. */
  #hasNews = false;
  /** The loop has turned and looked for silence since the last heartbeat. */
  #isChecked = false;
  #secondUs = 0;
  #nextSettleUs = 0;
  /** Jumps and changed rates of the clock, as of the last tick. */
  #clockRestarts = 0;
  #isDisposed = false;

  constructor(options: BoardLoopOptions) {
    this.#options = options;
    this.#emulator = new EmulatorLag(options.emulatorLagUs ?? null);
    this.#pongs = new PongIntake(this.clock, options.emulatorLagUs ?? null);
    this.report = new BoardReport(options.index, options.feed, options.clock);
    this.board = new KnownBoard(options, this.report, this.clock, this.deviceTime);
    this.control = new BoardControl(this.clock, {
      send: (message) => this.#send(message, this.session.encoding),
      sendStamped: (message) => this.#sendStamped(message),
      alarm: (id, active, text) => this.report.alarm(id, active, text),
      log: (level, text) => this.report.log(level, text),
    });
    this.decoder = new Decoder(this);
    this.session = new Session({
      encoding: options.config.encoding,
      cache: new DescriptorCache(),
      random32: options.random32,
      output: {
        send: (message, encoding) => this.#send(message, encoding),
        expect: (encoding, tag) => {
          this.decoder.expect(encoding);
          this.decoder.expectSession(tag);
        },
        event: (event) => this.#onSession(event),
      },
    });
    const { board, session, decoder, clock, control, report } = this;
    this.#effects = new SessionEffects({ loop: this, options, pongs: this.#pongs, path: () => this.#port?.path });
    this.#condition = new BoardCondition({ board, session, decoder, clock, control, report, emulator: this.#emulator });
    this.#clockWatch = new ClockWatch(clock, report);
    this.#messages = new BoardMessages(this, { options, pongs: this.#pongs, condition: this.#condition });
    this.#tellBoard();
  }

  get id(): string {
    return this.board.id;
  }

  /** The newest `status` of this session: the board's own counters. */
  get status(): Message<'status'> | null {
    return this.#condition.status;
  }

  // ---- the port ----

  opened(port: LoopPort, nowUs: number): void {
    this.#port = port;
    this.#condition.opens++;
    this.decoder.reset();
    this.board.opened();
    this.session.opened(nowUs);
    this.report.log('info', `${port.path} is open`);
    this.report.alarm('port', false, `${port.path} is open`);
    this.#tellBoard();
    this.#condition.tell(nowUs);
  }

  /** The port is gone, or could not be opened. */
  closed(reason: string, state: LinkState, nowUs: number): void {
    this.#port = null;
    if (this.#isDisposed) return;
    this.session.closed();
    this.#condition.link(state, nowUs);
    this.report.gone(reason);
    this.#condition.tell(nowUs);
  }

  /** Bytes come, and nothing in them makes sense. */
  suspected(text: string): void {
    this.report.alarm('baud', true, text);
  }

  /** Bytes from the port. @param bytes valid during the call only, as `arrival` is */
  chunk(bytes: Uint8Array, arrival: Arrival): void {
    this.#effects.evidence?.arrived();
    this.#arrival.arrivalUs = arrival.arrivalUs;
    this.#isSampled = false;
    this.#isChecked = true;
    this.#judged.judgedUs = Number.NaN;
    this.#hasNews = false;
    this.session.received(arrival);
    this.decoder.push(bytes, arrival);
    if (this.#hasNews) this.#options.feed.wakeParked();
    this.#sample();
    if (this.#hasNews && this.board.streams.length === 1) return;
    // The port is drained, and gave no new frame of some stream: noise, repetitions or another stream must not hide a
    // silence from the looks at an empty port, which they put off.
    if (bytes.length < FULL_READ_BYTES) this.looked(arrival.arrivalUs);
    if (!this.#hasNews) this.#options.feed.wakeParked();
  }

  // ---- the frame's way ----

  data(frame: DataFrame): void {
    // Where `started` was lost, the first frame tells that the board streams.
    if (this.session.isStarting) this.session.data();
    const stream = this.board.byId[frame.stream];
    if (stream === undefined) {
      this.refusedFrames++;
      return;
    }
    if (Number.isNaN(this.#judged.judgedUs)) this.#options.clock.stamp(this.#judged);
    const judgement = stream.monitor.judge(frame, this.#judged);
    if (judgement.verdict !== verdictCode.repeated && judgement.verdict !== verdictCode.reordered) {
      this.#hasNews = true;
      this.session.data();
    }
    const { gap } = judgement;
    if (judgement.verdict !== verdictCode.met || gap.count > 0 || gap.wasSilence) {
      this.#sample();
      this.#emulator.ask(stream, judgement.releaseHostUs, judgement.judgedUs);
    }
    stream.reporter.judged(judgement, frame);
    this.#messages.flags(frame.flags);
    this.control.policy.judged(frame.stream, judgement);
    this.#options.feed.frame(this.#options.index, frame, judgement);
  }

  /**
   * What the thread did until this chunk came: before its first miss is blamed, otherwise when the outlets have been woken,
   * for it takes as long as a verdict does.
   */
  #sample(): void {
    if (this.#isSampled) return;
    this.#isSampled = true;
    this.#effects.evidence?.read(this.#arrival);
  }

  // ---- everything else that the decoder finds ----

  message(message: DeviceMessage, arrivalUs: number): void {
    this.session.message(message, arrivalUs);
    this.#messages.take(message, arrivalUs);
  }

  plain(readings: readonly PlainReading[], arrivalUs: number): void {
    this.session.unanswered(arrivalUs);
    if (this.session.state !== 'streaming' || this.board.hasStreams) return;
    const { frame, monitor } = this.board.read(readings, arrivalUs, this.#port?.path);
    this.#options.feed.frame(this.#options.index, frame, monitor.judge(arrivalUs, this.#options.clock.nowUs()));
  }

  text(line: string, arrivalUs: number): void {
    this.session.unanswered(arrivalUs);
    this.report.said('info', line);
  }

  monitor(arrivalUs: number): void {
    this.session.monitor(arrivalUs);
  }

  corrupt(bytes: number, isNew: boolean): void {
    for (const { monitor } of this.board.streams) monitor.corrupt(bytes, isNew);
  }

  foreign(_tag: number, arrivalUs: number): void {
    if (!this.board.hasStreams) return;
    for (const { monitor } of this.board.streams) monitor.foreign();
    this.control.policy.foreign(arrivalUs);
    this.session.foreign(arrivalUs);
  }

  undeclared(stream: number, bytes: number, declaredBytes: number | null): void {
    if (this.#effects.isRefused) {
      this.refusedFrames++;
      return;
    }
    if (declaredBytes === null) this.unknownStreamFrames++;
    const nowUs = this.#options.clock.nowUs();
    if (this.#effects.undeclared(stream, bytes, declaredBytes, nowUs)) return;
    this.#condition.link('refused', nowUs);
    this.#condition.tell(nowUs);
  }

  fallback(arrivalUs: number): void {
    this.session.fallback(arrivalUs);
  }

  // ---- time ----

  /** Call every few milliseconds: handshake, heartbeats, pings, commands, and once a second the figures. */
  tick(nowUs: number): void {
    this.session.tick(nowUs);
    this.#pongs.tick(nowUs);
    this.#settleClock(nowUs);
    // Between `start` and its answer nobody knows which encoding the board reads: what is said then may be lost.
    if (
      this.#port !== null &&
      !this.session.isStarting &&
      this.control.tick(nowUs, this.#isChecked, this.board.newestReleaseUs)
    ) {
      this.#isChecked = false;
    }
    for (const { reporter } of this.board.streams) reporter.expire(nowUs);
    this.board.plain?.monitor.silence(nowUs);
    this.#condition.watch(nowUs, this.#port !== null);
    if (nowUs - this.#secondUs >= SECOND_US) this.#everySecond(nowUs);
    this.#options.feed.wakeParked();
  }

  /** The port was empty at `nowUs`, and everything readable has been judged. */
  looked(nowUs: number): void {
    this.#isChecked = true;
    let newestUs = Number.NEGATIVE_INFINITY;
    let leaseUs = Number.POSITIVE_INFINITY;
    for (const { monitor, reporter } of this.board.streams) {
      if (monitor.silence(nowUs)) {
        reporter.silenceBegan(this.board.bootId, nowUs);
        this.control.pings.demand(nowUs);
      }
      if (monitor.newestArrivalUs > newestUs) newestUs = monitor.newestArrivalUs;
      if (monitor.silent && monitor.contract.leaseUs < leaseUs) leaseUs = monitor.contract.leaseUs;
    }
    this.control.policy.check(nowUs);
    if (leaseUs === Number.POSITIVE_INFINITY) return;
    // The board is as alive as its liveliest stream.
    if (nowUs - newestUs > leaseUs) this.session.silence(nowUs);
    this.#condition.watch(nowUs, this.#port !== null);
  }

  ask(command: BoardCommand, nowUs: number, done: (answer: CommandAnswer) => void): void {
    this.control.ask(command, nowUs, done);
  }

  /** An orderly end: the board is gone for all who watch, and nothing is wrong. */
  dispose(): void {
    if (this.#isDisposed) return;
    const nowUs = this.#options.clock.nowUs();
    this.#isDisposed = true;
    this.#effects.dispose(nowUs);
    this.#condition.end(nowUs);
    this.report.ended();
    this.#condition.tell(nowUs);
  }

  // ---- session ----

  #onSession(event: SessionEvent): void {
    const nowUs = this.#options.clock.nowUs();
    if (event.type === 'established') {
      this.#messages.restart();
      this.#condition.status = null;
    }
    const isTaken = this.#effects.take(event, nowUs);
    this.#condition.link(isTaken ? this.session.state : 'refused', nowUs);
    this.#condition.tell(nowUs);
  }

  /** A clock that was thrown over needs pings now, not in half a second: without them no verdict is possible. */
  #settleClock(nowUs: number): void {
    const restarts = this.clock.steps + this.clock.rateChanges;
    if (restarts !== this.#clockRestarts) this.control.pings.again(nowUs);
    this.#clockRestarts = restarts;
    if (this.clock.settled || !this.board.hasStreams || nowUs < this.#nextSettleUs) return;
    this.#nextSettleUs = nowUs + SETTLE_PING_US;
    this.control.pings.demand(nowUs);
  }

  #everySecond(nowUs: number): void {
    this.#secondUs = nowUs;
    this.#emulator.refill();
    this.#clockWatch.everySecond();
    this.report.everySecond();
    for (const stream of this.board.streams) this.report.stats(stream, nowUs);
    if (this.board.plain !== null) this.report.stats(this.board.plain, nowUs);
    this.#condition.tell(nowUs);
  }

  #tellBoard(): void {
    this.board.tell(this.#port?.path);
  }

  #send(message: HostMessage, encoding: Encoding): boolean {
    return this.#port?.send(encode(message, encoding)) ?? false;
  }

  /** Encoding comes before the stamp: it would widen the clock's interval, and only on one side. */
  #sendStamped(message: HostMessage): number {
    const bytes = encode(message, this.session.encoding);
    const atUs = this.#options.clock.nowUs();
    this.#port?.send(bytes);
    return atUs;
  }
}
