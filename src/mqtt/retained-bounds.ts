/** How much the embedded broker remembers: a count and a sum of bytes, because any client may publish retained messages. Pure. */
export class RetainedBounds {
  private readonly bytesByTopic = new Map<string, number>();
  private bytes = 0;

  constructor(
    private readonly topicsMax: number,
    private readonly bytesMax: number,
  ) {}

  get topics(): number {
    return this.bytesByTopic.size;
  }

  /** @returns whether the broker may retain it; an empty payload clears the topic and always may */
  admits(topic: string, payloadBytes: number): boolean {
    const before = this.bytesByTopic.get(topic) ?? 0;
    if (payloadBytes === 0) {
      this.bytesByTopic.delete(topic);
      this.bytes -= before;
      return true;
    }
    const bytes = topic.length + payloadBytes;
    if (this.bytes - before + bytes > this.bytesMax) return false;
    if (before === 0 && this.bytesByTopic.size >= this.topicsMax) return false;
    this.bytesByTopic.set(topic, bytes);
    this.bytes += bytes - before;
    return true;
  }
}
