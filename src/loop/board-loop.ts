/**
 * The tight loop of one board: bytes in, verdicts and records out. Everything that a frame meets between the port and
 * the ring is in `data`; the rest of this file connects the parts. No I/O and no clock of its own: the port, the clock
 * and the evidence are handed in, so that the same loop runs in virtual time.
 */
import { DescriptorCache } from '../board/descriptor-transfer.js';
import { Session } from '../board/session.js';
import type { Established, SessionEvent } from '../board/session-terms.js';
import type { DataFrame } from '../codec/data-frame.js';
import { Decoder } from '../codec/decoder.js';
import { encodeBinary, encodeText } from '../codec/encode.js';
import type { DeviceMessage, HostMessage, Message } from '../codec/message.js';
import type { PlainReading } from '../codec/plain.js';
import {
  type ArmState,
  armStates,
  dataFlags,
  type Encoding,
  eventCodes,
  eventLevels,
  type TripCause,
  tripCauses,
} from '../codec/schema.js';
import type { BoardConfig } from '../config.js';
import { ClockModel, type MappedTime } from '../deadline/clock.js';
import { DeviceTime } from '../deadline/device-time.js';
import { lineTiming, pingWireUs } from '../deadline/line-load.js';
import type { SampleRing } from '../deadline/samples.js';
import { verdictCode } from '../deadline/verdict.js';
import type { Feed } from '../feed/feed.js';
import type { LinkState } from '../feed/slot.js';
import type { BoardCommand, CommandAnswer } from '../outlet.js';
import { BoardControl } from './control.js';
import { PlainStream } from './plain.js';
import { PongIntake } from './pongs.js';
import { BoardReport } from './report.js';
import { type LoopStream, makeStreams, type StreamSet } from './streams.js';

/** The open port, as the loop needs it. */
export interface LoopPort {
  readonly path: string;
  send(bytes: Uint8Array): boolean;
}

/** Looks at the port while frames are overdue, and keeps what the host was doing. */
export interface LoopEvidence {
  readonly samples: SampleRing;
  read(arrivalUs: number): void;
  start(): void;
  close(): void;
  dispose(): void;
}

export interface BoardLoopOptions {
  readonly index: number;
  readonly config: BoardConfig;
  /** Until the board has told its id. */
  readonly provisionalId: string;
  readonly feed: Feed;
  readonly clock: { readonly nowUs: () => number; readonly utcUs: (atUs: number) => number };
  readonly random32: () => number;
  /** Whether bytes take their time on this line. */
  readonly timedLine: boolean;
  /** Null in virtual time: the port is then always drained, and `looked` is called instead. */
  readonly evidence: ((periodUs: number, onEmpty: (nowUs: number) => void) => LoopEvidence) | null;
  /** By how much an emulated board lagged behind its plan in this time; undefined when it does not say. */
  readonly emulatorLagUs?: (fromUs: number, toUs: number) => number | undefined;
  /** Whether another board has this id already. */
  readonly isTaken: (id: string) => boolean;
}

const SECOND_US = 1e6;
/** What one read of a terminal gives at most: after it there may be more. */
const FULL_READ_BYTES = 4095;
/** Between pings while the clock is not settled. */
const SETTLE_PING_US = 50_000;
const EMULATOR_QUESTIONS_PER_SECOND = 100;
const armStateNames = Object.keys(armStates) as ArmState[];
const tripCauseNames = Object.keys(tripCauses) as TripCause[];

export class BoardLoop {
  id: string;
  readonly control: BoardControl;
  readonly session: Session;
  readonly decoder: Decoder;
  readonly clock = new ClockModel();
  readonly deviceTime = new DeviceTime();
  readonly report: BoardReport;
  /** Frames of a stream that the descriptor does not have. */
  unknownStreamFrames = 0;

  readonly #options: BoardLoopOptions;
  readonly #pongs: PongIntake;
  #port: LoopPort | null = null;
  #evidence: LoopEvidence | null = null;
  #established: Established | null = null;
  #streams: StreamSet | null = null;
  /** What the outlets know of the board; it stays while the board is away, so that its topics and plots do. */
  #described: (Pick<Established, 'descriptor' | 'bootId'> & Pick<StreamSet, 'contracts'>) | null = null;
  #byId: readonly (LoopStream | undefined)[] = [];
  #plain: PlainStream | null = null;
  /** Stamp at which the frames of the chunk under way are judged; NaN until its first one. */
  #judgedUs = Number.NaN;
  /** A frame of the chunk under way was newer than all before it. */
  #hasNews = false;
  /** The loop has turned and looked for silence since the last heartbeat. */
  #isChecked = false;
  #flags = 0;
  #status: Message<'status'> | null = null;
  #secondUs = 0;
  #lagQuestions = 0;
  #emulatorLagUs = 0;
  #opens = 0;
  #linkState: LinkState = 'absent';
  #linkSinceUs = 0;
  #wasLive = false;
  #nextSettleUs = 0;
  #isDisposed = false;
  readonly #mapped: MappedTime = { hostUs: Number.NaN, uncertaintyUs: Number.POSITIVE_INFINITY };

  constructor(options: BoardLoopOptions) {
    this.#options = options;
    this.id = options.config.id ?? options.provisionalId;
    this.#pongs = new PongIntake(this.clock, options.emulatorLagUs ?? null);
    this.report = new BoardReport(options.index, options.feed, options.clock);
    this.control = new BoardControl(this.clock, {
      send: (message) => this.#send(message, this.session.encoding),
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
    this.#tellBoard();
  }

  /** The newest `status` of this session: the board's own counters. */
  get status(): Message<'status'> | null {
    return this.#status;
  }

  // ---- the port ----

  opened(port: LoopPort, nowUs: number): void {
    this.#port = port;
    this.#opens++;
    this.decoder.reset();
    this.session.opened(nowUs);
    this.report.log('info', `${port.path} is open`);
    this.report.alarm('port', false, `${port.path} is open`);
    this.#tellBoard();
    this.#tellHealth(nowUs);
  }

  /** The port is gone, or could not be opened. */
  closed(reason: string, state: LinkState, nowUs: number): void {
    this.#port = null;
    if (this.#isDisposed) return;
    this.session.closed();
    this.#setLink(state, nowUs);
    this.report.gone(reason);
    this.#tellHealth(nowUs);
  }

  /** Bytes come, and nothing in them makes sense. */
  suspected(text: string): void {
    this.report.alarm('baud', true, text);
  }

  /** Bytes from the port. @param bytes valid during the call only */
  chunk(bytes: Uint8Array, arrivalUs: number): void {
    this.#evidence?.read(arrivalUs);
    this.#isChecked = true;
    this.#judgedUs = Number.NaN;
    this.#hasNews = false;
    this.session.received(arrivalUs);
    this.decoder.push(bytes, arrivalUs);
    // The port is drained and gave no new frame: noise or repetitions without an end must not hide a silence from the looks
    // at an empty port.
    if (!this.#hasNews && bytes.length < FULL_READ_BYTES) this.looked(arrivalUs);
    this.#options.feed.wakeParked();
  }

  // ---- the frame's way ----

  data(frame: DataFrame): void {
    const stream = this.#byId[frame.stream];
    if (stream === undefined) {
      this.unknownStreamFrames++;
      return;
    }
    if (Number.isNaN(this.#judgedUs)) this.#judgedUs = this.#options.clock.nowUs();
    const judgement = stream.monitor.judge(frame, this.#judgedUs);
    if (judgement.verdict !== verdictCode.repeated && judgement.verdict !== verdictCode.reordered) {
      this.#hasNews = true;
      this.session.data();
    }
    if (judgement.verdict !== verdictCode.met || judgement.gap.count > 0)
      this.#askEmulator(stream, judgement.releaseHostUs);
    stream.reporter.judged(judgement, frame);
    if (frame.flags !== this.#flags) this.#onFlags(frame.flags);
    this.control.policy.judged(frame.stream, judgement);
    this.#options.feed.frame(this.#options.index, frame, judgement);
  }

  // ---- everything else that the decoder finds ----

  message(message: DeviceMessage, arrivalUs: number): void {
    this.session.message(message, arrivalUs);
    if (message.name === 'pong') this.#onPong(message, arrivalUs);
    else if (message.name === 'status') this.#onStatus(message, arrivalUs);
    else if (message.name === 'event') this.#onEvent(message);
    else if (message.name === 'ack' || message.name === 'nack') this.control.answered(message, arrivalUs);
  }

  plain(readings: readonly PlainReading[], arrivalUs: number): void {
    this.session.unanswered(arrivalUs);
    if (this.session.state !== 'streaming' || this.#streams !== null) return;
    this.#described = null;
    this.#plain ??= new PlainStream(this.#options.config.baud);
    if (this.#plain.take(readings, arrivalUs)) this.#tellBoard();
    const nowUs = this.#options.clock.nowUs();
    this.#options.feed.frame(this.#options.index, this.#plain.frame, this.#plain.monitor.judge(arrivalUs, nowUs));
  }

  text(line: string, arrivalUs: number): void {
    this.session.unanswered(arrivalUs);
    this.report.log('info', `board says: ${line}`);
  }

  monitor(arrivalUs: number): void {
    this.session.monitor(arrivalUs);
  }

  corrupt(bytes: number): void {
    for (const { monitor } of this.#streams?.all ?? []) monitor.corrupt(bytes);
  }

  foreign(_tag: number, arrivalUs: number): void {
    if (this.session.state !== 'streaming') return;
    for (const { monitor } of this.#streams?.all ?? []) monitor.foreign();
    this.control.policy.foreign(arrivalUs);
    this.session.foreign(arrivalUs);
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
    if (this.#port !== null && this.control.tick(nowUs, this.#isChecked, this.#echoUs(), this.#options.clock.nowUs)) {
      this.#isChecked = false;
    }
    for (const { reporter } of this.#streams?.all ?? []) reporter.expire(nowUs);
    this.#watchLiveness(nowUs);
    if (nowUs - this.#secondUs >= SECOND_US) this.#everySecond(nowUs);
    this.#options.feed.wakeParked();
  }

  /** The port was empty at `nowUs`, and everything readable has been judged. */
  looked(nowUs: number): void {
    this.#isChecked = true;
    let anySilent = false;
    for (const { monitor, reporter } of this.#streams?.all ?? []) {
      anySilent ||= monitor.silent;
      if (!monitor.silence(nowUs)) continue;
      reporter.silenceBegan(this.#established?.bootId ?? 0, nowUs);
      this.session.silence(nowUs);
      this.control.pings.demand(nowUs);
      anySilent = true;
    }
    this.control.policy.check(nowUs);
    if (anySilent) this.#watchLiveness(nowUs);
  }

  ask(command: BoardCommand, nowUs: number, done: (answer: CommandAnswer) => void): void {
    this.control.ask(command, nowUs, done);
  }

  /** An orderly end: the board is gone for all who watch, and nothing is wrong. */
  dispose(): void {
    if (this.#isDisposed) return;
    const nowUs = this.#options.clock.nowUs();
    this.#isDisposed = true;
    this.#endSession();
    this.#evidence?.dispose();
    this.#setLink('absent', nowUs);
    this.report.ended();
    this.#tellHealth(nowUs);
  }

  // ---- session ----

  #onSession(event: SessionEvent): void {
    const nowUs = this.#options.clock.nowUs();
    switch (event.type) {
      case 'established':
        this.#established = event;
        this.#onEstablished(event, nowUs);
        break;
      case 'streaming':
        this.#onStreaming(event.encoding, nowUs);
        break;
      case 'lost':
        this.report.log('warning', `session lost: ${event.reason}`);
        this.#endSession();
        break;
      case 'refused':
        this.#refuse(event.reason);
        break;
      case 'contended':
        this.report.alarm('second-host', true, event.reason);
        break;
      case 'monitoring':
        this.report.log('info', 'the board prints but does not answer: its lines are shown as unverified');
        this.#described = null;
        this.#tellBoard();
    }
    this.#setLink(this.session.state, nowUs);
    this.#tellHealth(nowUs);
  }

  #onEstablished(established: Established, nowUs: number): void {
    const { descriptor, bootId, bootIdBefore, resetCause, tag, deviceUs } = established;
    this.id = this.#idOf(established);
    this.clock.restart();
    this.deviceTime.restart();
    this.#pongs.restart();
    this.deviceTime.anchor(deviceUs, nowUs);
    this.decoder.layouts(descriptor.streams);
    this.#described = null;
    this.#plain = null;
    this.#flags = 0;
    this.#status = null;
    this.control.opened(tag, descriptor.armable, descriptor.commands, nowUs);
    if (bootIdBefore !== null && bootIdBefore !== bootId) {
      this.report.log('warning', `the board was reset (${resetCause}): boot ${hex(bootId)} after ${hex(bootIdBefore)}`);
    }
    this.report.alarm('refused', false, 'the board is taken');
    this.report.alarm('baud', false, 'the bytes make sense');
  }

  /** The contracts need the encoding, because feasibility does: so the streams are made when it is known. */
  #onStreaming(encoding: Encoding, nowUs: number): void {
    const established = this.#established;
    if (established === null) return;
    const { config, index, timedLine } = this.#options;
    this.#watch(established);
    const samples = this.#evidence?.samples ?? null;
    const made = makeStreams(established.descriptor, {
      board: index,
      config,
      encoding,
      timedLine,
      clock: this.clock,
      deviceTime: this.deviceTime,
      samples,
      onMiss: (miss) => this.#options.feed.miss(miss),
    });
    if ('refused' in made) {
      this.#refuse(made.refused);
      return;
    }
    this.#streams = made;
    this.#byId = made.byId;
    this.#described = { ...established, contracts: made.contracts };
    const graceUs = Math.max(nowUs, this.session.graceUntilUs);
    for (const { id, name, monitor } of made.all) {
      monitor.restart(established.bootId, graceUs);
      this.control.policy.guard(id, name, monitor);
    }
    for (const warning of made.warnings) this.report.log('warning', warning);
    this.#tellBoard();
  }

  /** Begins to look at the port when the shortest period is overdue. */
  #watch({ descriptor }: Established): void {
    const periodUs = Math.min(...descriptor.streams.map((stream) => stream.periodUs));
    this.#evidence?.dispose();
    this.#evidence = this.#options.evidence?.(periodUs, (nowUs) => this.looked(nowUs)) ?? null;
    this.#evidence?.start();
  }

  #endSession(): void {
    for (const { reporter } of this.#streams?.all ?? []) reporter.flush();
    this.#streams = null;
    this.#byId = [];
    this.#evidence?.close();
    this.control.closed();
  }

  #refuse(reason: string): void {
    this.#endSession();
    this.report.alarm('refused', true, `board refused: ${reason}`);
    this.#setLink('refused', this.#options.clock.nowUs());
  }

  #idOf({ descriptor, uid }: Established): string {
    const { config, isTaken } = this.#options;
    const wanted = config.id ?? descriptor.id ?? `${descriptor.name}-${uid.slice(-4)}`;
    if (wanted === this.id || !isTaken(wanted)) return wanted;
    this.report.alarm(
      'duplicate-id',
      true,
      `another board is called "${wanted}" already; give this one an id under [[boards]]`,
    );
    return this.#options.provisionalId;
  }

  // ---- what the board says ----

  #onPong(pong: Message<'pong'>, arrivalUs: number): void {
    this.deviceTime.anchor(pong.deviceUs, arrivalUs);
    for (const { reporter } of this.#streams?.all ?? []) reporter.pong();
    const sentUs = this.control.pings.answered(pong.id);
    if (sentUs === null) return;
    const rxUs = this.deviceTime.unwrap(pong.rxUs, arrivalUs);
    const txUs = this.deviceTime.unwrap(pong.txUs, arrivalUs);
    const { config, timedLine } = this.#options;
    const wireUs = pingWireUs(this.session.encoding, lineTiming(config.baud, timedLine));
    this.#pongs.add({ sentUs, rxUs, txUs, arrivalUs, wireUs });
  }

  #onStatus(status: Message<'status'>, arrivalUs: number): void {
    this.deviceTime.anchor(status.deviceUs, arrivalUs);
    if (this.#established === null || status.session !== this.#established.tag) return;
    this.#status = status;
    this.control.reported(armStateNames[status.armed] ?? 'disarmed', tripCauseNames[status.tripCause] ?? 'none');
  }

  #onEvent(event: Message<'event'>): void {
    if (event.code === eventCodes.trip) this.control.reported('tripped', tripCauseNames[event.value] ?? 'none');
    const level = event.level >= eventLevels.error ? 'error' : event.level === eventLevels.warning ? 'warning' : 'info';
    this.report.log(level, `board says: ${event.text}`);
  }

  #onFlags(flags: number): void {
    const tripped = (flags & ~this.#flags & dataFlags.tripped) !== 0;
    this.#flags = flags;
    if (tripped) this.control.reported('tripped', 'none');
  }

  /** A clock that was thrown over needs a ping now, not in a second: without it no verdict is possible. */
  #settleClock(nowUs: number): void {
    if (this.clock.settled || this.#streams === null || nowUs < this.#nextSettleUs) return;
    this.#nextSettleUs = nowUs + SETTLE_PING_US;
    this.control.pings.demand(nowUs);
  }

  // ---- figures ----

  #everySecond(nowUs: number): void {
    this.#secondUs = nowUs;
    this.#lagQuestions = EMULATOR_QUESTIONS_PER_SECOND;
    for (const stream of this.#streams?.all ?? []) this.report.stats(stream, nowUs);
    this.#tellHealth(nowUs);
  }

  #tellBoard(): void {
    const described = this.#described;
    this.report.board({
      id: this.id,
      path: this.#port?.path ?? this.#options.config.path,
      descriptor: described?.descriptor ?? this.#plain?.descriptor ?? null,
      boot: described?.bootId ?? 0,
      contracts: described?.contracts ?? this.#plain?.contracts ?? {},
    });
  }

  #tellHealth(nowUs: number): void {
    const { counters } = this.decoder;
    const status = this.#status;
    const { uncertaintyUs } = this.clock.map(nowUs - this.clock.offsetUs, this.#mapped);
    this.#wasLive = this.#isLive(nowUs);
    this.report.health(
      {
        link: this.#linkState,
        sinceUs: this.#linkSinceUs,
        policy: this.control.policy,
        live: this.#wasLive,
        boot: this.#established?.bootId ?? 0,
        encoding: this.session.encoding,
        offsetUs: this.clock.offsetUs,
        uncertaintyUs,
        driftPpm: this.clock.settled ? this.clock.driftPpm : Number.NaN,
        roundTripUs: this.clock.roundTripUs,
        bytes: counters.bytes,
        corruptFrames: counters.corruptFrames,
        foreignFrames: counters.foreignFrames,
        overlongLines: counters.overlongLines,
        reconnects: Math.max(0, this.#opens - 1),
        boots: this.session.counters.boots,
        heartbeats: this.control.heartbeat.counters.sent,
        deviceOverruns: status?.overruns ?? Number.NaN,
        deviceReceiveErrors: status?.receiveErrors ?? Number.NaN,
        deviceDrops: status?.drops ?? Number.NaN,
        execMaxUs: status?.execMaxUs ?? Number.NaN,
        lineLoad: this.#streams?.load.fraction ?? Number.NaN,
        emulatorLagUs: this.#emulatorLagUs,
      },
      nowUs,
    );
  }

  /** Tells at once when the newest values stop being live, or begin to be. */
  #watchLiveness(nowUs: number): void {
    const { state } = this.session;
    const link = this.#port === null || this.#linkState === 'refused' ? this.#linkState : state;
    if (this.#isLive(nowUs) === this.#wasLive && link === this.#linkState) return;
    this.#setLink(link, nowUs);
    this.#tellHealth(nowUs);
  }

  #isLive(nowUs: number): boolean {
    if (this.#isDisposed) return false;
    const all = this.#streams?.all ?? [];
    if (all.length > 0) return all.every(({ monitor }) => monitor.live(nowUs));
    return this.#plain?.monitor.live(nowUs) ?? false;
  }

  #setLink(state: LinkState, nowUs: number): void {
    if (state === this.#linkState) return;
    this.#linkState = state;
    this.#linkSinceUs = nowUs;
  }

  #echoUs(): number {
    let newestUs = Number.NaN;
    for (const { monitor } of this.#streams?.all ?? []) {
      if (monitor.newestReleaseUs > newestUs || Number.isNaN(newestUs)) newestUs = monitor.newestReleaseUs;
    }
    return newestUs;
  }

  /** A miss of an emulated board may be the emulator's own: asked only then, and at most 100 times a second. */
  #askEmulator(stream: LoopStream, releaseHostUs: number): void {
    const { emulatorLagUs } = this.#options;
    if (emulatorLagUs === undefined || this.#lagQuestions-- <= 0) return;
    const toUs = this.#judgedUs;
    const fromUs = Number.isNaN(releaseHostUs) ? toUs - SECOND_US / 10 : releaseHostUs;
    this.#emulatorLagUs = emulatorLagUs(fromUs, toUs) ?? 0;
    stream.reporter.emulatorLagUs = this.#emulatorLagUs;
  }

  #send(message: HostMessage, encoding: Encoding): boolean {
    return this.#port?.send(encoding === 'binary' ? encodeBinary(message) : encodeText(message)) ?? false;
  }
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');
