/**
 * The handshake with a board. Pure: times are arguments (host monotonic, us), messages and events go to the output.
 *
 * closed -> waiting -> hello -> describing -> starting -> streaming, and back to hello whenever the board turns out not
 * to know the session any more. `plain` never says hello; `refused` asks now and then.
 */
import type { Arrival } from '../codec/decoder.js';
import { type Descriptor, parseDescriptor } from '../codec/descriptor.js';
import type { DeviceMessage, Message } from '../codec/message.js';
import { type Encoding, encodings, eventCodes } from '../codec/schema.js';
import { sessionTag } from '../codec/session-tag.js';
import type { LinkState } from '../feed/slot.js';
import { DescriptorTransfer } from './descriptor-transfer.js';
import { Greeting } from './greeting.js';
import { chooseEncoding, meaningOfNack, objection, resetCauseName, unsendable } from './session-answer.js';
import {
  linkStateOf,
  type Phase,
  type SessionOptions,
  sessionLimits,
  sessionTiming as timing,
} from './session-terms.js';

export class Session {
  readonly counters = { hellos: 0, boots: 0, lost: 0, contended: 0 };
  #phase: Phase = 'closed';
  /** When `tick` has something to do. */
  #dueUs = Number.POSITIVE_INFINITY;
  readonly #greeting: Greeting;
  #tries = 0;
  #foreignInRow = 0;
  #silent = false;
  #isMonitored = false;
  #isEstablished = false;
  #graceUntilUs = 0;
  #encoding: Encoding = 'text';
  #tag: number | null = null;
  #bootId: number | null = null;
  #answer: Message<'session'> | null = null;
  #transfer: DescriptorTransfer | null = null;
  #refusal = '';

  constructor(private readonly options: SessionOptions) {
    this.#greeting = new Greeting(options.random32);
  }

  get state(): LinkState {
    if (this.#phase === 'streaming' && this.#silent) return 'silent';
    return this.#isMonitored ? 'streaming' : linkStateOf[this.#phase];
  }

  /** `start` has been sent, and not answered. */
  get isStarting(): boolean {
    return this.#phase === 'starting';
  }

  get encoding(): Encoding {
    return this.#encoding;
  }

  /** The tag of the session in force, or null. */
  get tag(): number | null {
    return this.#tag;
  }

  /** When `tick` wants to be called at the latest. */
  get dueUs(): number {
    return this.#dueUs;
  }

  /** Silence is not to be judged before. */
  get graceUntilUs(): number {
    return this.#graceUntilUs;
  }

  // ---- the port ----

  opened(nowUs: number): void {
    this.#forget();
    this.#greeting.reset();
    this.#graceUntilUs = nowUs + timing.bootGraceUs;
    this.#expect('text', null);
    const isPlain = this.options.encoding === 'plain';
    this.#enter(isPlain ? 'plain' : 'waiting', isPlain ? Number.POSITIVE_INFINITY : nowUs + timing.bootQuietUs);
  }

  closed(): void {
    this.#lose('the port was closed');
    this.#forget();
    this.#enter('closed', Number.POSITIVE_INFINITY);
  }

  tick(nowUs: number): void {
    if (nowUs < this.#dueUs) return;
    if (this.#phase === 'waiting' || this.#phase === 'refused') this.#beginHello(nowUs);
    else if (this.#phase === 'hello') this.#sayHello(nowUs);
    else if (this.#phase === 'describing') this.#retry(nowUs, () => this.#describe(nowUs));
    else if (this.#phase === 'starting') this.#retry(nowUs, () => this.#start(nowUs));
    else if (this.#phase === 'streaming') this.#restart(nowUs, 'the board has been silent');
  }

  // ---- what the decoder found ----

  /** Bytes came, whatever they are. On the hot path. */
  received({ arrivalUs }: Arrival): void {
    if (this.#phase === 'waiting') this.#beginHello(arrivalUs);
  }

  /** A `data` frame of this session. On the hot path. */
  data(): void {
    this.#foreignInRow = 0;
    if (this.#silent) {
      this.#silent = false;
      this.#dueUs = Number.POSITIVE_INFINITY;
    }
    if (this.#phase === 'starting') this.#streaming();
  }

  message(message: DeviceMessage, nowUs: number): void {
    if (message.name === 'session') this.#onSession(message, nowUs);
    else if (message.name === 'descriptor') this.#onChunk(message, nowUs);
    else if (message.name === 'started') this.#onStarted(message);
    else if (message.name === 'nack') this.#onNack(message, nowUs);
    else if (message.name === 'event' && message.code === eventCodes.boot) this.#onBoot(nowUs);
  }

  /** A line of level 0, a log line, or a `data` line of a board that knows no session. */
  unanswered(nowUs: number): void {
    this.#greeting.heardText();
    const isIgnored = this.#phase === 'hello' && this.#greeting.isIgnored(nowUs);
    if (this.#isMonitored || !(isIgnored || this.#phase === 'plain')) return;
    this.#isMonitored = true;
    this.options.output.event({ type: 'monitoring' });
  }

  /** A `data` line with tag 0: the board does not know the session (any more). */
  monitor(nowUs: number): void {
    if (this.#phase === 'streaming') this.#restart(nowUs, 'the board was reset: it prints its monitor lines');
    else this.unanswered(nowUs);
  }

  /** The binary line has fallen back to text; the decoder reads text already. */
  fallback(nowUs: number): void {
    this.#encoding = 'text';
    if (this.#phase === 'streaming') this.#restart(nowUs, 'the board was reset: it speaks text again');
  }

  foreign(nowUs: number): void {
    if (this.#phase !== 'streaming') return;
    this.#foreignInRow++;
    if (this.#foreignInRow >= sessionLimits.foreignFrames) {
      this.#restart(nowUs, `${this.#foreignInRow} frames in a row belonged to another boot, firmware or host`);
    }
  }

  /** A probe proved that the stream is overdue beyond its lease. */
  silence(nowUs: number): void {
    if (this.#phase !== 'streaming' || this.#silent) return;
    this.#silent = true;
    this.#dueUs = nowUs + timing.silenceHelloAfterUs;
  }

  // ---- hello ----

  #beginHello(nowUs: number): void {
    this.#greeting.begin(nowUs);
    this.#answer = null;
    this.#transfer = null;
    this.#phase = 'hello';
    this.#expect('text', null);
    this.#sayHello(nowUs);
  }

  /** Hello is always text: a board takes it in either mode, and speaks text from then on. */
  #sayHello(nowUs: number): void {
    if (this.#greeting.isTurnToListenElsewhere) this.#expect(this.#encoding === 'text' ? 'binary' : 'text', null);
    this.counters.hellos++;
    this.options.output.send(this.#greeting.next(), 'text');
    this.#dueUs = nowUs + (this.#isMonitored ? timing.monitorHelloPeriodUs : timing.helloPeriodUs);
  }

  #onSession(answer: Message<'session'>, nowUs: number): void {
    if (this.#phase === 'closed' || this.#phase === 'plain' || this.#phase === 'waiting') return;
    const whose = this.#greeting.answered(answer.hostNonce);
    if (whose === 'another host') this.#onOtherHost(nowUs);
    const isRepeated = this.#answer?.bootId === answer.bootId;
    if (whose !== 'ours' || isRepeated) return;
    this.#lose('the board was reset');
    this.#answer = answer;
    this.#isMonitored = false;
    const refusal = objection(answer, this.options.encoding);
    if (refusal !== null) {
      this.#refuse(refusal, nowUs);
      return;
    }
    const known = this.options.cache.get(answer.descriptorHash, answer.descriptorBytes);
    if (known !== undefined) {
      this.#establish(answer, known, nowUs);
      return;
    }
    this.#transfer = new DescriptorTransfer(answer.descriptorHash, answer.descriptorBytes);
    this.#tries = 0;
    this.#enter('describing', nowUs);
    this.#describe(nowUs);
  }

  #onNack(nack: Message<'nack'>, nowUs: number): void {
    const isAsked = this.#phase !== 'closed' && this.#phase !== 'plain' && this.#phase !== 'streaming';
    if (nack.counter !== 0 || !isAsked) return;
    const meaning = meaningOfNack(nack.code, this.#phase === 'starting');
    if (meaning?.type === 'refused') this.#refuse(meaning.reason, nowUs);
    else if (meaning?.type === 'contended') {
      this.#contended(meaning.reason);
      this.#dueUs = nowUs + timing.armedElsewherePeriodUs;
    }
  }

  #onOtherHost(nowUs: number): void {
    this.#lose('another host said hello to the board');
    this.#contended('another host said hello to this board on the same line: only one may be connected');
    this.#expect('text', null);
    this.#answer = null;
    // A new nonce: an answer to what was said before this came to light is not ours to take.
    this.#greeting.begin(nowUs);
    this.#enter('hello', nowUs + timing.otherHostQuietUs);
  }

  #onBoot(nowUs: number): void {
    this.#graceUntilUs = Math.max(this.#graceUntilUs, nowUs + timing.bootGraceUs);
    if (this.#phase === 'closed' || this.#phase === 'plain') return;
    this.#restart(nowUs, 'the board was reset: it has just booted');
  }

  // ---- descriptor and start ----

  #describe(nowUs: number): void {
    this.options.output.send({ name: 'describe', ...this.#transfer!.next }, this.#encoding);
    this.#dueUs = nowUs + timing.answerTimeoutUs;
  }

  #onChunk({ offset, data }: Message<'descriptor'>, nowUs: number): void {
    const transfer = this.#transfer;
    if (this.#phase !== 'describing' || transfer === null) return;
    const result = transfer.take(offset, data);
    if (result === 'more') {
      this.#tries = 0;
      this.#describe(nowUs);
    } else if (result === 'failed') {
      this.#refuse('the descriptor that it sends is not the one that it announces (CRC or length): rebuild it', nowUs);
    } else if (result === 'done') this.#onDescriptor(transfer.bytes, nowUs);
  }

  #onDescriptor(bytes: Uint8Array, nowUs: number): void {
    const parsed = parseDescriptor(bytes);
    if (!parsed.ok) {
      this.#refuse(`its descriptor is not valid: ${parsed.reason}`, nowUs);
      return;
    }
    const answer = this.#answer!;
    this.options.cache.set(answer.descriptorHash, answer.descriptorBytes, parsed.descriptor);
    this.#establish(answer, parsed.descriptor, nowUs);
  }

  #establish(answer: Message<'session'>, descriptor: Descriptor, nowUs: number): void {
    const refusal = unsendable(descriptor, chooseEncoding(this.options.encoding, answer.encodings)!);
    if (refusal !== null) {
      this.#refuse(refusal, nowUs);
      return;
    }
    const { bootId, descriptorHash, uid, deviceUs } = answer;
    const tag = sessionTag(bootId, descriptorHash, this.#greeting.nonce);
    const bootIdBefore = this.#bootId === bootId ? null : this.#bootId;
    if (this.#bootId !== bootId) {
      this.counters.boots++;
      this.#graceUntilUs = nowUs + timing.bootGraceUs;
    }
    this.#bootId = bootId;
    this.#refusal = '';
    this.#isEstablished = true;
    this.#tries = 0;
    this.#expect(this.#encoding, tag);
    this.#enter('starting', nowUs);
    const resetCause = resetCauseName(answer.resetCause);
    const established = { bootId, descriptor, descriptorHash, tag, resetCause, uid, deviceUs, bootIdBefore };
    this.options.output.event({ type: 'established', ...established });
    this.#start(nowUs);
  }

  /** When `started` was lost, the board streams already: every other try therefore speaks and listens as if it did. */
  #start(nowUs: number): void {
    const wanted = chooseEncoding(this.options.encoding, this.#answer!.encodings)!;
    if (this.#tries > 0) this.#expect(this.#encoding === 'text' ? wanted : 'text', this.#tag);
    this.options.output.send({ name: 'start', session: this.#tag!, encoding: encodings[wanted] }, this.#encoding);
    this.#dueUs = nowUs + timing.answerTimeoutUs;
  }

  #onStarted(started: Message<'started'>): void {
    if (this.#phase !== 'starting' || started.session !== this.#tag) return;
    this.#expect(started.encoding === encodings.binary ? 'binary' : 'text', this.#tag);
    this.#streaming();
  }

  #streaming(): void {
    this.#foreignInRow = 0;
    this.#silent = false;
    this.#enter('streaming', Number.POSITIVE_INFINITY);
    this.options.output.event({ type: 'streaming', encoding: this.#encoding });
  }

  // ---- ways back ----

  #retry(nowUs: number, again: () => void): void {
    this.#tries++;
    if (this.#tries >= sessionLimits.tries) this.#restart(nowUs, 'the board stopped answering during the handshake');
    else again();
  }

  #restart(nowUs: number, reason: string): void {
    this.#lose(reason);
    this.#beginHello(nowUs);
  }

  #lose(reason: string): void {
    this.#silent = false;
    this.#tag = null;
    if (!this.#isEstablished) return;
    this.#isEstablished = false;
    this.counters.lost++;
    this.options.output.event({ type: 'lost', reason });
  }

  #refuse(reason: string, nowUs: number): void {
    this.#lose(reason);
    this.#enter('refused', nowUs + timing.refusedHelloPeriodUs);
    if (reason === this.#refusal) return;
    this.#refusal = reason;
    this.options.output.event({ type: 'refused', reason });
  }

  #contended(reason: string): void {
    this.counters.contended++;
    this.options.output.event({ type: 'contended', reason });
  }

  #forget(): void {
    this.#isMonitored = false;
    this.#refusal = '';
    this.#answer = null;
    this.#transfer = null;
  }

  #enter(phase: Phase, dueUs: number): void {
    this.#phase = phase;
    this.#dueUs = dueUs;
  }

  #expect(encoding: Encoding, tag: number | null): void {
    this.#encoding = encoding;
    this.#tag = tag;
    this.options.output.expect(encoding, tag);
  }
}
