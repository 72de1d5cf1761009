import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CopyRecord, Cursor, type OnLost } from './cursor.js';
import { Producer, Ring } from './ring.js';
import { SLOT_BYTES, SLOT_F64, slotHead, slotKinds } from './slot.js';

const SLOTS = 16;
const RECORD_SLOTS_MAX = 3;

/** What the cursor would be without its check after the copy: the tests below have to tell it apart. */
class UncheckedCursor extends Cursor {
  protected override isWhole(): boolean {
    return true;
  }
}

/** What it would be if it forgot the record under construction. */
class WholeRingCursor extends Cursor {
  protected override isWhole(): boolean {
    return this.headOffset() - this.offset <= SLOTS;
  }
}

type CursorClass = typeof Cursor;

/** A record is its offset, written at the beginning and at the end of each of its slots. */
class Bench {
  readonly ring: Ring;
  readonly producer: Producer;
  readonly cursor: Cursor;
  readonly published = new Map<number, number>();
  readonly lost: { from: number; to: number }[] = [];
  readonly read: { offset: number; slots: number }[] = [];
  readonly torn: string[] = [];
  /** Runs once, between the two halves of the next copy. */
  during: () => void = () => {};
  #first: number[] = [];
  #last: number[] = [];

  constructor(
    CursorUnderTest: CursorClass,
    readonly firstOffset = 0,
  ) {
    this.ring = Ring.create({ slots: SLOTS, recordSlotsMax: RECORD_SLOTS_MAX, firstOffset });
    this.producer = new Producer(this.ring);
    const copy: CopyRecord = (ring, slot) => {
      const slots = Math.min(1 + ring.u8[slot * SLOT_BYTES + slotHead.continuations]!, RECORD_SLOTS_MAX);
      const at = Array.from({ length: slots }, (_, i) => ((slot + i) & ring.mask) * SLOT_F64);
      this.#first = at.map((double) => ring.f64[double + 1]!);
      const during = this.during;
      this.during = () => {};
      during();
      this.#last = at.map((double) => ring.f64[double + SLOT_F64 - 1]!);
    };
    const onLost: OnLost = (slots, from, to) => {
      expect(slots).toBe(to - from);
      this.lost.push({ from, to });
    };
    this.cursor = new CursorUnderTest(this.ring, firstOffset, copy, onLost, 2);
  }

  /** Writes the slots of the next record without publishing them. */
  construct(slots: number): void {
    const { offset } = this.producer;
    let slot = this.producer.claim(slots);
    for (let i = 0; i < slots; i++) {
      this.ring.u8[slot * SLOT_BYTES + slotHead.kind] = i === 0 ? slotKinds.frame : slotKinds.continuation;
      if (i === 0) this.ring.u8[slot * SLOT_BYTES + slotHead.continuations] = slots - 1;
      this.ring.f64[slot * SLOT_F64 + 1] = offset;
      this.ring.f64[slot * SLOT_F64 + SLOT_F64 - 1] = offset;
      slot = this.ring.slotAfter(slot);
    }
  }

  publish(slots: number, times = 1): void {
    for (let i = 0; i < times; i++) {
      this.construct(slots);
      this.published.set(this.producer.offset, slots);
      this.producer.publish(slots);
    }
  }

  readOne(): boolean {
    if (!this.cursor.copyNext()) return false;
    const { offset } = this.cursor;
    const words = [...this.#first, ...this.#last];
    if (words.some((word) => word !== offset)) this.torn.push(`${offset}: ${words}`);
    this.cursor.advance();
    this.read.push({ offset, slots: this.cursor.offset - offset });
    return true;
  }

  /** Everything that was published was either read whole, at its place, or reported lost; nothing twice. */
  check(): void {
    while (this.readOne());
    expect(this.torn).toEqual([]);
    for (const { offset, slots } of this.read) expect(this.published.get(offset)).toBe(slots);
    const spans = [...this.read.map(({ offset, slots }) => ({ from: offset, to: offset + slots })), ...this.lost].sort(
      (a, b) => a.from - b.from,
    );
    let at = this.firstOffset;
    for (const span of spans) {
      expect(span.from).toBe(at);
      at = span.to;
    }
    expect(at).toBe(this.producer.offset);
    expect(this.cursor.lostSlots).toBe(this.lost.reduce((sum, { from, to }) => sum + to - from, 0));
  }
}

describe('cursor', () => {
  test('reads records of several slots across the end of the ring', () => {
    const bench = new Bench(Cursor);
    for (let i = 0; i < 40; i++) {
      bench.publish(3);
      expect(bench.readOne()).toBe(true);
    }
    bench.check();
    expect(bench.lost).toEqual([]);
  });

  test('does not move before the record was handled', () => {
    const bench = new Bench(Cursor);
    bench.publish(1, 2);
    expect(bench.cursor.copyNext()).toBe(true);
    expect(bench.cursor.copyNext()).toBe(true);
    expect(bench.cursor.offset).toBe(0);
  });

  test('may be behind by the ring less the largest record, and by no more', () => {
    const inTime = new Bench(Cursor);
    inTime.publish(1, SLOTS - RECORD_SLOTS_MAX);
    inTime.check();
    expect(inTime.lost).toEqual([]);

    const late = new Bench(Cursor);
    late.publish(1, SLOTS - RECORD_SLOTS_MAX + 1);
    late.check();
    expect(late.lost).toHaveLength(1);
    expect(late.lost[0]!.from).toBe(0);
  });

  test('goes on at the beginning of a record, not in its middle, and counts the rest of that record as lost', () => {
    const bench = new Bench(Cursor);
    bench.publish(3, 20);
    bench.check();
    expect(bench.lost).toHaveLength(1);
    expect(bench.lost[0]!.to % 3).toBe(0);
    expect(bench.read.length).toBeGreaterThan(0);
  });

  test.each([2 ** 31, 2 ** 32, 2 ** 45])('reads, and counts losses, over the wrap of the head at %d', (wrap) => {
    const bench = new Bench(Cursor, wrap - 20);
    for (let i = 0; i < 7; i++) {
      bench.publish(2);
      bench.readOne();
    }
    bench.publish(1, 40);
    bench.check();
    expect(bench.lost).toHaveLength(1);
  });

  test('starts at the first record of a ring that is not a lap old', () => {
    const bench = new Bench(Cursor, 1000);
    const early = new Cursor(bench.ring, 0, () => {});
    expect(early.offset).toBe(1000);
    expect(early.copyNext()).toBe(false);
  });
});

const overtaken: { name: string; arrange: (bench: Bench) => void; during: (bench: Bench) => void }[] = [
  {
    name: 'overwritten by records that were published during the copy',
    arrange: (bench) => bench.publish(1, 4),
    during: (bench) => bench.publish(1, SLOTS),
  },
  {
    name: 'overwritten by a record under construction',
    arrange: (bench) => bench.publish(1, 4),
    during: (bench) => {
      bench.publish(1, SLOTS - 4); // the head is exactly a ring ahead: a check against the ring's size passes
      bench.construct(2);
    },
  },
  {
    name: 'with its last slot overwritten',
    arrange: (bench) => bench.publish(3, 1),
    during: (bench) => {
      bench.publish(1, SLOTS - 3);
      bench.construct(3);
    },
  },
];

describe('torn copy', () => {
  test.each(overtaken)('is noticed: $name', ({ arrange, during }) => {
    const bench = new Bench(Cursor);
    arrange(bench);
    bench.during = () => during(bench);
    bench.readOne();
    bench.producer.claim(0); // the record under construction is given up; the next one is written in its place
    bench.check();
    expect(bench.lost).toHaveLength(1);
  });

  test.each(overtaken)('would be delivered without the check: $name', ({ arrange, during }) => {
    const bench = new Bench(UncheckedCursor);
    arrange(bench);
    bench.during = () => during(bench);
    bench.readOne();
    expect(bench.torn).toHaveLength(1);
  });
});

/** Any interleaving of whole and half-written records with copies, the producer's steps also in the middle of a copy. */
function interleavings(CursorUnderTest: CursorClass) {
  const record = fc.record({
    slots: fc.integer({ min: 1, max: RECORD_SLOTS_MAX }),
    times: fc.integer({ min: 0, max: 12 }),
  });
  const step = fc.record({
    before: record,
    during: fc.option(record),
    underConstruction: fc.integer({ min: 0, max: 3 }),
    reads: fc.integer({ min: 0, max: 8 }),
  });
  const first = fc.constantFrom(0, 5, 2 ** 31 - 9, 2 ** 32 - 9, 2 ** 40);
  return fc.property(first, fc.array(step, { maxLength: 30 }), (firstOffset, steps) => {
    const bench = new Bench(CursorUnderTest, firstOffset);
    for (const { before, during, underConstruction, reads } of steps) {
      bench.publish(before.slots, before.times);
      for (let i = 0; i < reads; i++) {
        if (during)
          bench.during = () => {
            bench.publish(during.slots, during.times);
            if (underConstruction > 0) bench.construct(underConstruction);
          };
        bench.readOne();
      }
    }
    bench.during = () => {};
    bench.check();
  });
}

describe('any interleaving', () => {
  test('reads everything once, whole and in order, or reports it lost', () => {
    fc.assert(interleavings(Cursor), { numRuns: 2000 });
  });

  test.each([UncheckedCursor, WholeRingCursor])('is a test that finds %o out', (CursorUnderTest) => {
    expect(fc.check(interleavings(CursorUnderTest), { numRuns: 2000 }).failed).toBe(true);
  });
});
