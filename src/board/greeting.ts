/** The hellos of one handshake: their nonce, how many went unanswered, and what the line said meanwhile. Pure. */
import type { Message } from '../codec/message.js';
import { PROTOCOL_VERSION } from '../codec/schema.js';
import { sessionLimits, sessionTiming } from './session-terms.js';

export class Greeting {
  sent = 0;
  #nonce = 0;
  #nonceBefore = 0;
  #sinceUs = 0;
  #speaksText = false;
  #handshakes = 0;

  constructor(private readonly random32: () => number) {}

  get nonce(): number {
    return this.#nonce;
  }

  /** The port was opened. */
  reset(): void {
    this.#handshakes = 0;
  }

  /** A new nonce, so that answers to earlier hellos are told from answers to these. */
  begin(nowUs: number): void {
    this.#nonceBefore = this.#nonce;
    this.#nonce = this.random32();
    this.sent = 0;
    this.#handshakes++;
    this.#sinceUs = nowUs;
    this.#speaksText = false;
  }

  next(): Message<'hello'> {
    this.sent++;
    return { name: 'hello', protocolMin: PROTOCOL_VERSION, protocolMax: PROTOCOL_VERSION, hostNonce: this.#nonce };
  }

  /** Readable lines came: the board is in text, even though it does not answer. */
  heardText(): void {
    this.#speaksText = true;
  }

  /** A board answers in text, but one that is armed refuses in the encoding of the session that it is in: look there in turns. */
  get isTurnToListenElsewhere(): boolean {
    return this.sent > 0 && this.sent % sessionLimits.hellosPerEncoding === 0 && !this.#speaksText;
  }

  /** The board prints, and has not answered for long. */
  isIgnored(nowUs: number): boolean {
    return nowUs - this.#sinceUs >= sessionTiming.monitorAfterUs;
  }

  /** Whose hello was answered. `late`: ours, of an earlier handshake, or of an earlier run and still in the line's buffers. */
  answered(nonce: number): 'ours' | 'late' | 'another host' {
    if (nonce === this.#nonce) return 'ours';
    const isFirst = this.#handshakes <= 1 && this.sent < 2;
    return nonce === this.#nonceBefore || isFirst ? 'late' : 'another host';
  }
}
