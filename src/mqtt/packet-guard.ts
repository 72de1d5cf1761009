/**
 * Bounds what a client may send to the embedded broker: aedes' parser collects a packet of up to 256 MiB before anybody
 * can refuse it. This walks the fixed headers (MQTT 3.1.1 section 2.2) beside the parser and tells when one announces
 * too much. Pure.
 */
export class PacketGuard {
  private state: 'type' | 'length' | 'body' = 'type';
  private multiplier = 1;
  private rest = 0;

  constructor(private readonly bytesMax: number) {}

  /** @returns false when a packet is longer than allowed, or its length is malformed; do not go on then */
  accepts(chunk: Uint8Array): boolean {
    for (let at = 0; at < chunk.length; ) {
      if (this.state === 'body') {
        const taken = Math.min(this.rest, chunk.length - at);
        at += taken;
        this.rest -= taken;
        if (this.rest === 0) this.state = 'type';
      } else if (this.state === 'type') {
        at++;
        this.state = 'length';
        this.multiplier = 1;
        this.rest = 0;
      } else if (!this.lengthByte(chunk[at++]!)) return false;
    }
    return true;
  }

  private lengthByte(byte: number): boolean {
    this.rest += (byte & 0x7f) * this.multiplier;
    if (this.rest > this.bytesMax) return false;
    if (byte & 0x80) {
      this.multiplier *= 128;
      return this.multiplier <= 128 ** 3;
    }
    this.state = this.rest > 0 ? 'body' : 'type';
    return true;
  }
}
