import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FaultBackEnd, LineFaults } from './line-faults.js';

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => i & 0xff);

function line(backEnd: FaultBackEnd = { kind: 'pty' }, seed = 1) {
  const clock = { nowUs: 0 };
  const told: string[] = [];
  const faults = new LineFaults({
    seed,
    nowUs: () => clock.nowUs,
    backEnd,
    onFault: ({ fault, detail }) => told.push(`${fault} ${detail}`),
  });
  const pass = (bytes: Uint8Array) => [...faults.pass('fromBoard', bytes)];
  const later = (us: number) => {
    clock.nowUs += us;
    return [...faults.released('fromBoard')];
  };
  return { faults, clock, told, pass, later };
}

describe('a good line', () => {
  it('gives back the very array', () => {
    const { faults } = line();
    const bytes = bytesOf(10);
    expect(faults.pass('fromBoard', bytes)).toBe(bytes);
    expect(faults.pass('toBoard', bytes)).toBe(bytes);
  });
});

describe('damage', () => {
  it.each([
    ['drop', 9],
    ['flip', 10],
    ['duplicate', 11],
    ['insert', 11],
  ] as const)('%s hits one byte and no more', (damage, length) => {
    const { faults, pass } = line();
    faults[damage]();
    expect(pass(bytesOf(10))).toHaveLength(length);
    expect(pass(bytesOf(10))).toEqual([...bytesOf(10)]);
    expect(faults.counters[damage]).toBe(1);
  });

  it('a burst is eight bytes of noise', () => {
    const { faults, pass } = line();
    faults.burst();
    const noisy = pass(bytesOf(100));
    expect(noisy).toHaveLength(100);
    expect(noisy.slice(8)).toEqual([...bytesOf(100).slice(8)]);
    expect(faults.counters.burst).toBe(8);
  });

  it('is the same for one seed, and another for another', () => {
    const run = (seed: number) => {
      const { faults, pass } = line(undefined, seed);
      faults.flip({ probability: 0.05 });
      faults.drop({ probability: 0.02 });
      return pass(bytesOf(2000));
    };
    expect(run(7)).toEqual(run(7));
    expect(run(8)).not.toEqual(run(7));
  });

  it('refuses what makes no sense, with the value', () => {
    const { faults } = line();
    expect(() => faults.drop({ probability: 2 })).toThrow('drop: a probability of 2');
    expect(() => faults.flip({ bytes: 0 })).toThrow('flip: 0 bytes');
    expect(() => faults.throttle(0)).toThrow('throttle: 0 bytes/s');
    expect(() => faults.baudDrift({ percent: 80 })).toThrow('baudDrift: 80 %');
    expect(() => faults.clockStep({ clock: 'monotonic', ms: -1 })).toThrow('never goes back');
  });
});

describe('time', () => {
  it('a stall holds everything, and lets it go at once', () => {
    const { faults, pass, later } = line();
    faults.stall(5);
    expect(pass(Uint8Array.of(1, 2))).toEqual([]);
    expect(later(3000)).toEqual([]);
    expect(pass(Uint8Array.of(3))).toEqual([]);
    expect(later(2000)).toEqual([1, 2, 3]);
    expect(pass(Uint8Array.of(4))).toEqual([4]);
  });

  it('a split chunk comes in two, and nothing overtakes its second part', () => {
    const { faults, clock, pass, later } = line();
    faults.split({ apartMs: 2 });
    const head = pass(bytesOf(10));
    expect(head.length).toBeGreaterThan(0);
    expect(head.length).toBeLessThan(10);
    clock.nowUs += 500;
    expect(pass(Uint8Array.of(99))).toEqual([]);
    expect([...head, ...later(1500)]).toEqual([...bytesOf(10), 99]);
    expect(faults.counters.split).toBe(1);
  });

  it('a throttled line carries its rate and no more', () => {
    const { faults, pass, later } = line();
    faults.throttle(10_000);
    expect(pass(bytesOf(100))).toEqual([]);
    expect(later(1000)).toHaveLength(10);
    expect(later(4000)).toHaveLength(40);
    expect(later(5000)).toHaveLength(50);
  });

  it('what a slow line cannot hold is lost, and counted', () => {
    const { faults, pass } = line();
    faults.throttle(1);
    pass(new Uint8Array(70_000));
    expect(faults.counters.overflowed).toBe(70_000 - 65_536);
  });

  it('clear lets go of everything', () => {
    const { faults, pass, later } = line();
    faults.throttle(10);
    faults.stall(1000);
    pass(Uint8Array.of(1, 2, 3));
    faults.clear();
    expect(later(0)).toEqual([1, 2, 3]);
    expect(pass(Uint8Array.of(4))).toEqual([4]);
  });

  it('keeps the order of bytes, whatever holds them, and loses none', () => {
    const step = fc.record({
      bytes: fc.nat({ max: 20 }),
      us: fc.nat({ max: 3000 }),
      fault: fc.constantFrom('none', 'stall', 'split', 'throttle', 'clear'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { faults, pass, later } = line();
        const arrived: number[] = [];
        let sent = 0;
        for (const { bytes, us, fault } of steps) {
          if (fault === 'stall') faults.stall(2);
          else if (fault === 'split') faults.split({ apartMs: 3 });
          else if (fault === 'throttle') faults.throttle(5000);
          else if (fault === 'clear') faults.clear();
          arrived.push(...later(us));
          arrived.push(...pass(Uint8Array.from({ length: bytes }, (_, i) => (sent + i) & 0xff)));
          sent += bytes;
        }
        faults.clear();
        arrived.push(...later(0));
        expect(arrived).toEqual(Array.from({ length: sent }, (_, i) => i & 0xff));
      }),
    );
  });
});

describe('cut', () => {
  it('kills one direction until it is mended', () => {
    const { faults, pass } = line();
    faults.cut('fromBoard');
    expect(pass(bytesOf(5))).toEqual([]);
    expect(faults.pass('toBoard', bytesOf(5))).toHaveLength(5);
    faults.mend('fromBoard');
    expect(pass(bytesOf(5))).toHaveLength(5);
    expect(faults.counters.cut).toBe(5);
  });
});

describe('baud drift', () => {
  it('is borne up to what a receiver bears, and garbles beyond', () => {
    const { faults, pass } = line();
    faults.baudDrift({ percent: 2 });
    expect(pass(bytesOf(256))).toEqual([...bytesOf(256)]);
    faults.baudDrift({ percent: 8 });
    expect(pass(bytesOf(256))).not.toEqual([...bytesOf(256)]);
    expect(faults.counters.garbled).toBeGreaterThan(50);
  });

  it('grows with time where it is asked to', () => {
    const { faults, clock, pass } = line();
    faults.baudDrift({ percent: -10, overMs: 100 });
    expect(pass(bytesOf(256))).toEqual([...bytesOf(256)]);
    clock.nowUs = 100_000;
    expect(pass(bytesOf(256))).not.toEqual([...bytesOf(256)]);
    faults.clear();
    expect(pass(bytesOf(256))).toEqual([...bytesOf(256)]);
  });

  it('garbles what the host says, too', () => {
    const { faults } = line();
    faults.baudDrift({ percent: 10 });
    expect(faults.pass('toBoard', bytesOf(256))).not.toEqual(bytesOf(256));
  });
});

describe('a time that is none', () => {
  it('is refused, and nothing is told', async () => {
    const { faults, told } = line({ kind: 'virtual', unplug: async () => {}, clockStep: () => {} });
    for (const given of [undefined, Number.NaN, -1, Number.POSITIVE_INFINITY, '5']) {
      const ms = given as number;
      expect(() => faults.stall(ms)).toThrow(RangeError);
      await expect(faults.unplug(ms)).rejects.toThrow(RangeError);
      if (ms !== -1) expect(() => faults.clockStep({ clock: 'utc', ms })).toThrow(RangeError);
      if (ms !== undefined) expect(() => faults.baudDrift({ percent: 5, overMs: ms })).toThrow(RangeError);
    }
    expect(() => faults.stall(0)).toThrow('stall: 0; give a finite number above 0');
    expect(told).toEqual([]);
  });
});

describe('what only some lines can do', () => {
  it('is done by the back end', async () => {
    const done: string[] = [];
    const { faults, told } = line({
      kind: 'virtual',
      swap: async () => void done.push('swap'),
      unplug: async (ms) => void done.push(`unplug ${ms}`),
      clockStep: ({ clock, ms }) => void done.push(`${clock} ${ms}`),
    });
    await faults.swap();
    await faults.unplug(20);
    faults.clockStep({ clock: 'utc', ms: -5 });
    expect(done).toEqual(['swap', 'unplug 20', 'utc -5']);
    expect(told).toEqual(['swap ', 'unplug 20 ms', 'clockStep utc -5 ms']);
  });

  it('is refused elsewhere, with the reason of the table', async () => {
    await expect(line({ kind: 'port' }).faults.swap()).rejects.toThrow(
      'swap on this line is n/a: two real boards change places only by a hand',
    );
    expect(() => line().faults.clockStep({ clock: 'utc', ms: 1 })).toThrow(
      'clockStep on this line is n/a: it would set the clock of this machine',
    );
  });
});
