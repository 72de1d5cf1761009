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

  /**
   * @returns whether the broker may retain it; otherwise it must forget what the topic had, which is out of date. An empty
   * payload clears the topic and always may.
   */
  admits(topic: string, payloadBytes: number): boolean {
    this.bytes -= this.bytesByTopic.get(topic) ?? 0;
    this.bytesByTopic.delete(topic);
    if (payloadBytes === 0) return true;
    const bytes = topic.length + payloadBytes;
    if (this.bytes + bytes > this.bytesMax || this.bytesByTopic.size >= this.topicsMax) return false;
    this.bytesByTopic.set(topic, bytes);
    this.bytes += bytes;
    return true;
  }
}
