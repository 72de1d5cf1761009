/** Bytes that the host has handed over and the line has not yet carried. */
export const LINE_BYTES_MAX = 4096;
/** A receiver tolerates less than half a bit over a character of ten: beyond this, characters are sampled wrongly. */
const TOLERANCE = 0.04;
const CHARACTER_BITS = 10;

/** Calls back once, so many virtual ns later. */
interface LineAlarm {
  schedule(deltaNs: number): void;
}

/** What a receiver makes of one character of 8 data bits, one stop bit. */
export interface Sampled {
  readonly byte: number;
  readonly framingError: boolean;
}

/**
 * The character that a receiver sees whose bits are longer or shorter than the sender's: it samples the middle of its own
 * bits. Each character is taken by itself, with an idle line behind it.
 */
export function sampleCharacter(byte: number, senderBitNs: number, receiverBitNs: number): Sampled {
  const levelAt = (bit: number): number => {
    const sent = Math.floor(((bit + 0.5) * receiverBitNs) / senderBitNs);
    if (sent === 0) return 0; // start bit
    return sent <= 8 ? (byte >> (sent - 1)) & 1 : 1;
  };
  let sampled = 0;
  for (let bit = 0; bit < 8; bit++) sampled |= levelAt(bit + 1) << bit;
  return { byte: sampled, framingError: levelAt(9) === 0 };
}

/** Whether two ends with these bits understand each other. */
export function sameRate(aBitNs: number, bBitNs: number): boolean {
  return Math.abs(aBitNs - bBitNs) <= TOLERANCE * aBitNs;
}

/** The wire from host to board: one character after the other, each in its time. */
export class SerialLine {
  /** Bytes that found the line's queue full. */
  dropped = 0;
  private readonly queue = new Uint8Array(LINE_BYTES_MAX);
  private head = 0;
  private count = 0;
  private bitNs = 0;
  private readonly alarm: LineAlarm;

  /**
   * @param receiverBitNs length of a bit as the board's UART is set; 0 when it is not
   * @param onCharacter sees each character at the instant at which it ends
   */
  constructor(
    clock: { createAlarm(callback: () => void): LineAlarm },
    private readonly receiverBitNs: () => number,
    private readonly onCharacter: (byte: number, framingError: boolean) => void,
  ) {
    this.alarm = clock.createAlarm(() => this.characterEnded());
  }

  /** Room in bytes. */
  get free(): number {
    return LINE_BYTES_MAX - this.count;
  }

  get idle(): boolean {
    return this.count === 0;
  }

  /**
   * Puts bytes on the line from now on.
   * @param bitNs length of the host's bits; undefined: the same as the board's (a pseudo-terminal has no baud rate)
   * @returns bytes taken; the rest is counted as dropped
   */
  send(bytes: Uint8Array, bitNs: number | undefined): number {
    const taken = Math.min(bytes.length, this.free);
    this.dropped += bytes.length - taken;
    const wasIdle = this.idle;
    for (let i = 0; i < taken; i++) this.queue[(this.head + this.count++) % LINE_BYTES_MAX] = bytes[i]!;
    this.bitNs = bitNs ?? this.receiverBitNs();
    if (wasIdle && taken > 0) this.alarm.schedule(CHARACTER_BITS * this.bitNs);
    return taken;
  }

  private characterEnded(): void {
    const byte = this.queue[this.head]!;
    this.head = (this.head + 1) % LINE_BYTES_MAX;
    this.count--;
    if (this.count > 0) this.alarm.schedule(CHARACTER_BITS * this.bitNs);
    const receiverBitNs = this.receiverBitNs();
    if (receiverBitNs === 0 || sameRate(this.bitNs, receiverBitNs)) {
      this.onCharacter(byte, false);
    } else {
      const sampled = sampleCharacter(byte, this.bitNs, receiverBitNs);
      this.onCharacter(sampled.byte, sampled.framingError);
    }
  }
}
