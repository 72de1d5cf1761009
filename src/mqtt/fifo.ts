/** A queue that is walked through without moving what waits in it at every step. */
const COMPACT_AT = 1024;

export class Fifo<Item> {
  private items: Item[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: Item): void {
    this.items.push(item);
  }

  /** Back to the front, in this order. */
  putBack(items: readonly Item[]): void {
    this.items = items.concat(this.items.slice(this.head));
    this.head = 0;
  }

  /** The oldest; null when there is none. */
  take(): Item | null {
    if (this.length === 0) return null;
    const item = this.items[this.head++]!;
    if (this.length === 0 || (this.head >= COMPACT_AT && this.head * 2 >= this.items.length)) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}
