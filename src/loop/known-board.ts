/** Who the board is, as far as it has told, and the streams of its session. */
import type { Established } from '../board/session-terms.js';
import type { PlainReading } from '../codec/plain.js';
import type { Encoding } from '../codec/schema.js';
import type { ClockModel } from '../deadline/clock.js';
import type { DeviceTime } from '../deadline/device-time.js';
import type { SampleRing } from '../deadline/samples.js';
import { PlainStream } from './plain.js';
import type { BoardReport } from './report.js';
import { type LoopStream, makeStreams, type StreamSet } from './streams.js';
import type { BoardLoopOptions } from './surroundings.js';

const none: readonly never[] = [];
const ID_CHARACTERS_MAX = 32;

export class KnownBoard {
  id: string;
  established: Established | null = null;
  /** By number on the wire. */
  byId: readonly (LoopStream | undefined)[] = none;
  /** Of a board that only prints lines. */
  plain: PlainStream | null = null;
  #isPlainOld = false;
  #streams: StreamSet | null = null;
  /** What the outlets know of the board; it stays while the board is away, so that its topics and plots do. */
  #described: (Pick<Established, 'descriptor' | 'bootId'> & Pick<StreamSet, 'contracts'>) | null = null;

  constructor(
    private readonly options: BoardLoopOptions,
    private readonly report: BoardReport,
    private readonly clock: ClockModel,
    private readonly deviceTime: DeviceTime,
  ) {
    this.id = options.config.id ?? options.provisionalId;
  }

  /** Those of the session under way; none without one. */
  get streams(): readonly LoopStream[] {
    return this.#streams?.all ?? none;
  }

  get hasStreams(): boolean {
    return this.#streams !== null;
  }

  /** Of the line to the host that the streams fill; NaN while that is not known. */
  get lineLoad(): number {
    return this.#streams?.load.fraction ?? Number.NaN;
  }

  get bootId(): number {
    return this.established?.bootId ?? 0;
  }

  /** Whether the newest value of each stream is live. */
  isLive(nowUs: number): boolean {
    if (this.streams.length > 0) return this.streams.every(({ monitor }) => monitor.live(nowUs));
    return this.plain?.monitor.live(nowUs) ?? false;
  }

  /** Release of the newest frame, in device time; NaN before the first. */
  get newestReleaseUs(): number {
    let newestUs = Number.NaN;
    for (const { monitor } of this.streams) {
      if (monitor.newestReleaseUs > newestUs || Number.isNaN(newestUs)) newestUs = monitor.newestReleaseUs;
    }
    return newestUs;
  }

  establish(established: Established): void {
    this.established = established;
    this.id = this.#idOf(established);
    this.#described = null;
    this.plain = null;
  }

  /** Makes the streams. @returns why this board and this configuration do not go together, or null */
  open(encoding: Encoding, samples: SampleRing | null, graceUs: number): string | null {
    const { established, clock, deviceTime } = this;
    if (established === null) return null;
    const { config, index, timedLine, feed } = this.options;
    const onMiss = feed.miss.bind(feed);
    const sources = { board: index, config, encoding, timedLine, clock, deviceTime, samples, onMiss };
    const made = makeStreams(established.descriptor, sources);
    if ('refused' in made) {
      // Who it is the outlets are told all the same: there is somebody to refuse.
      this.#described = { ...established, contracts: {} };
      return made.refused;
    }
    this.#streams = made;
    this.byId = made.byId;
    this.#described = { ...established, contracts: made.contracts };
    for (const { monitor } of made.all) monitor.restart(established.bootId, graceUs);
    for (const warning of made.warnings) this.report.log('warning', warning);
    return null;
  }

  /** The session is over: what was attributed late is told, and the last figures are; no frame is taken. */
  close(nowUs: number): void {
    for (const stream of this.streams) {
      stream.reporter.flush();
      this.report.stats(stream, nowUs);
    }
    this.#streams = null;
    this.byId = none;
  }

  /** Takes a line of a board that only prints. @returns the stream of such lines */
  read(readings: readonly PlainReading[], arrivalUs: number, path: string | undefined): PlainStream {
    this.#described = null;
    // Numbered on: outlets take nothing that is not newer than what they have.
    if (this.plain === null || this.#isPlainOld)
      this.plain = new PlainStream(this.options.config.baud, this.plain?.monitor.nextSeq ?? 0);
    this.#isPlainOld = false;
    if (this.plain.take(readings, arrivalUs)) this.tell(path);
    return this.plain;
  }

  /** The port was opened: another sketch may print now. What the old one had stays told until this one has printed. */
  opened(): void {
    this.#isPlainOld = true;
  }

  /** Nothing is known of it but that it prints. */
  forget(): void {
    this.#described = null;
  }

  /** @param path of the port; undefined while none is open */
  tell(path: string | undefined): void {
    const described = this.#described;
    this.report.board({
      id: this.id,
      path: path ?? this.options.config.path,
      descriptor: described?.descriptor ?? this.plain?.descriptor ?? null,
      boot: described?.bootId ?? 0,
      contracts: described?.contracts ?? this.plain?.contracts ?? {},
    });
  }

  #idOf({ descriptor, uid }: Established): string {
    const { config, isTaken, provisionalId } = this.options;
    const wanted = config.id ?? descriptor.id ?? idFrom(descriptor.name, uid);
    if (wanted === this.id || !isTaken(wanted)) {
      this.report.alarm('duplicate-id', false, `"${wanted}" is this board alone`);
      return wanted;
    }
    const text = `another board is called "${wanted}" already; give this one an id under [[boards]]`;
    this.report.alarm('duplicate-id', true, text);
    return provisionalId;
  }
}

/** An id as topics and paths take it, `[a-z][a-z0-9_-]{0,31}`, of a name that is one itself. */
const idFrom = (name: string, uid: string): string =>
  `${name.slice(0, ID_CHARACTERS_MAX - 5)}-${uid.slice(-4).toLowerCase()}`;
