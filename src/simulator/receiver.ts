/** The board's receiver, as `firmware/core/receive.c`: a slot per message, text or binary, and `hello` in either. */
import { decodeBinary, hasRightCrc } from '../codec/binary.js';
import { cobsDecode } from '../codec/cobs.js';
import type { DeviceMessage, HostMessage } from '../codec/message.js';
import { type Encoding, messages, TEXT_LINE_BYTES_MAX } from '../codec/schema.js';
import { BANG, decodeText, hasRightTextCrc, LF } from '../codec/text.js';

const HELLO = new TextEncoder().encode('!HELLO,');

export interface Received {
  readonly message: HostMessage;
  readonly textual: boolean;
}

export class Receiver {
  expected: Encoding = 'text';
  errors = 0;
  readonly #slot = new Uint8Array(TEXT_LINE_BYTES_MAX);
  readonly #decoded = new Uint8Array(TEXT_LINE_BYTES_MAX);
  #length = 0;
  #textAt = -1;
  #overlong = false;

  restart(): void {
    this.expected = 'text';
    this.errors = 0;
    this.#begin();
  }

  /** @returns the message that this byte completes */
  byte(byte: number): Received | null {
    if (byte === 0) return this.#length === 0 && !this.#overlong ? null : this.#complete(0, false);
    if (byte === LF && this.#overlong) return this.#complete(0, true);
    if (byte === LF) {
      const start = Math.max(0, this.#textAt);
      if (this.expected === 'text' || (this.#textAt >= 0 && this.#isHello(start))) {
        return this.#length > 0 ? this.#complete(start, true) : null;
      }
    }
    if (this.#length >= this.#slot.length) this.#overlong = true;
    if (this.#overlong) return null;
    if (byte === BANG) this.#textAt = this.#length;
    this.#slot[this.#length++] = byte;
    return null;
  }

  #begin(): void {
    this.#length = 0;
    this.#textAt = -1;
    this.#overlong = false;
  }

  #isHello(start: number): boolean {
    return HELLO.every((byte, i) => this.#slot[start + i] === byte && start + i < this.#length);
  }

  #complete(start: number, textual: boolean): Received | null {
    const end = this.#length;
    const lost = this.#overlong;
    this.#begin();
    const message = lost ? undefined : textual ? this.#text(start, end) : this.#binary(start, end);
    if (message !== undefined && messages[message.name].direction === 'host') {
      return { message: message as HostMessage, textual };
    }
    this.errors = (this.errors + 1) & 0xffff;
    return null;
  }

  #text(start: number, end: number): DeviceMessage | HostMessage | undefined {
    const right = this.#slot[start] === BANG && hasRightTextCrc(this.#slot, start, end);
    return right ? decodeText(this.#slot, start, end) : undefined;
  }

  #binary(start: number, end: number): DeviceMessage | HostMessage | undefined {
    const length = cobsDecode(this.#slot, start, end, this.#decoded);
    return hasRightCrc(this.#decoded, length) ? decodeBinary(this.#decoded, length) : undefined;
  }
}
