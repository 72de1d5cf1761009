/** A board as the protocol describes it, at the level of messages: enough to shake hands with, stream, reset and misbehave. */
import { crc32 } from '../../codec/crc32.js';
import type { DataMessage, DeviceMessage, HostMessage } from '../../codec/message.js';
import { answerCodes, type Encoding, encodings, eventCodes, PROTOCOL_VERSION } from '../../codec/schema.js';
import { sessionTag } from '../../codec/session-tag.js';

export const sampleDescriptor = {
  name: 'scripted',
  mcu: 'none',
  firmware: '1.0.0',
  build: '0'.repeat(64),
  tickHz: 1_000_000,
  baud: 921_600,
  armable: false,
  watchdogMs: 100,
  streams: [
    {
      id: 1,
      name: 'control',
      periodUs: 1000,
      contract: {
        class: 'firm',
        m: 990,
        k: 1000,
        jitterUs: 100,
        deadlineUs: 10_000,
        lifespanUs: 250_000,
        leaseUs: 50_000,
        budgets: { firmwareUs: 1000, linkUs: 5000, hostUs: 3000 },
        delivery: { outletUs: 20_000, consumerUs: 50_000 },
      },
      signals: [{ name: 'speed', type: 'i16', scale: 0.1, offset: 0, unit: 'rpm' }],
    },
  ],
  commands: [],
} as const;

export interface ScriptedBoardOptions {
  /** The board's own claim of its descriptor; text, so that a hostile one can be given. */
  descriptor?: string;
  protocol?: number;
  encodings?: number;
  descriptorHash?: number;
  descriptorBytes?: number;
  /** Whether `hello` is answered at all. */
  answers?: boolean;
  /** Its clock, by which it stamps releases and answers pings; without it releases are on time, and pings are not answered. */
  deviceUs?: () => number;
}

export type BoardMessage = DeviceMessage | DataMessage;

export class ScriptedBoard {
  bootId = 1;
  encoding: Encoding = 'text';
  isStreaming = false;
  armedElsewhere = false;
  /** What it says of its streams; those of the sample while its descriptor is none. */
  readonly streams: readonly { readonly id: number; readonly periodUs: number }[];
  readonly #seqs: number[] = [];
  readonly #bytes: Uint8Array;
  #tag = 0;

  constructor(
    private readonly output: (message: BoardMessage, encoding: Encoding) => void,
    readonly options: ScriptedBoardOptions = {},
  ) {
    const descriptor = options.descriptor ?? JSON.stringify(sampleDescriptor);
    this.#bytes = new TextEncoder().encode(descriptor);
    this.streams = streamsOf(descriptor);
  }

  get tag(): number {
    return this.#tag;
  }

  reset(): void {
    this.bootId++;
    this.encoding = 'text';
    this.isStreaming = false;
    this.#tag = 0;
    this.#seqs.length = 0;
    this.#say({ name: 'event', session: 0, code: eventCodes.boot, level: 1, deviceUs: 0, value: 1, text: 'boot' });
  }

  /** One release: a frame of a stream, or a monitor line. @param isHeard whether it reaches the line */
  release(stream = 1, isHeard = true): void {
    const isMonitor = this.#tag === 0;
    if (!isMonitor && !this.isStreaming) return;
    const seq = this.#seqs[stream] ?? 0;
    this.#seqs[stream] = seq + 1;
    if (!isHeard) return;
    const periodUs = this.streams.find(({ id }) => id === stream)!.periodUs;
    this.#say({
      name: 'data',
      session: this.#tag,
      stream,
      seq,
      releaseUs: this.options.deviceUs?.() ?? seq * periodUs,
      lateUs: 0,
      execUs: 1,
      queueBytes: 0,
      flags: 0,
      skipped: 0,
      dropped: 0,
      values: [seq % 100],
      types: ['i16'],
    });
  }

  receive(message: HostMessage, encoding: Encoding): void {
    if (message.name === 'hello' && encoding === 'text') this.#hello(message.hostNonce);
    else if (encoding !== this.encoding) return;
    else if (message.name === 'describe') this.#describe(message.offset, message.length);
    else if (message.name === 'start' && message.session === this.#tag) {
      this.#say({ name: 'started', session: this.#tag, encoding: message.encoding });
      this.encoding = message.encoding === encodings.binary ? 'binary' : 'text';
      this.isStreaming = true;
    } else if (message.name === 'ping' && this.options.deviceUs !== undefined) {
      const deviceUs = this.options.deviceUs();
      this.#say({
        name: 'pong',
        session: this.#tag,
        id: message.id,
        rxUs: deviceUs,
        txUs: deviceUs,
        deviceUs,
        queueBytes: 0,
      });
    }
  }

  #hello(hostNonce: number): void {
    if (this.options.answers === false) return;
    if (this.armedElsewhere) {
      this.#say({ name: 'nack', session: this.#tag, counter: 0, code: answerCodes.armedElsewhere });
      return;
    }
    const descriptorHash = this.options.descriptorHash ?? crc32(this.#bytes, 0, this.#bytes.length);
    this.encoding = 'text';
    this.isStreaming = false;
    this.#tag = sessionTag(this.bootId, descriptorHash, hostNonce);
    this.#say({
      name: 'session',
      protocol: this.options.protocol ?? PROTOCOL_VERSION,
      bootId: this.bootId,
      resetCause: 1,
      descriptorHash,
      descriptorBytes: this.options.descriptorBytes ?? this.#bytes.length,
      maxFrame: 320,
      encodings: this.options.encodings ?? 3,
      deviceUs: 1234,
      hostNonce,
      uid: '00000000DEADBEEF',
    });
  }

  #describe(offset: number, length: number): void {
    this.#say({ name: 'descriptor', session: this.#tag, offset, data: this.#bytes.slice(offset, offset + length) });
  }

  #say(message: BoardMessage): void {
    this.output(message, this.encoding);
  }
}

function streamsOf(descriptor: string): ScriptedBoard['streams'] {
  try {
    return (JSON.parse(descriptor) as typeof sampleDescriptor).streams ?? sampleDescriptor.streams;
  } catch {
    return sampleDescriptor.streams;
  }
}
