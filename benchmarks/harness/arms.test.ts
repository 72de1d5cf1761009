import { expect, it } from 'vitest';
import { type Arm, interleave, type Window } from './arms.js';

const window: Window = {
  latenciesUs: new Float64Array(),
  cpu: 0,
  rssMiB: 0,
  frames: { came: 0, sent: 0 },
};

/** Writes down who is awake while it is measured. */
function arms(names: readonly string[], seen: string[][]): Arm[] {
  const awake = new Set(names);
  return names.map((name) => ({
    name,
    isOurs: true,
    start: async () => {},
    window: async () => {
      seen.push([name, ...[...awake].filter((each) => each !== name)]);
      return window;
    },
    pause: () => void awake.delete(name),
    resume: () => void awake.add(name),
    end: async () => {},
  }));
}

const plan = { windows: 3, warmUpMs: 0, settleMs: 0, measureMs: 0, seed: 1 };

it('measures each arm while the others stand still, and each as often as the plan says', async () => {
  const seen: string[][] = [];
  const windows = await interleave(arms(['a', 'b', 'c'], seen), plan);
  const measured = seen.slice(3);
  expect(measured.every(({ length }) => length === 1)).toBe(true);
  expect(Object.values(windows).map(({ length }) => length)).toEqual([3, 3, 3]);
});

it('lets all go on when a window fails', async () => {
  const awake: string[] = [];
  const [first, second] = arms(['a', 'b'], []) as [Arm, Arm];
  const failing: Arm = {
    ...first,
    window: async (_settleMs, measureMs) => {
      if (measureMs === 0) throw new Error('broken');
      return window;
    },
  };
  const other: Arm = { ...second, resume: () => void awake.push('b') };
  await expect(interleave([failing, other], { ...plan, warmUpMs: 1 })).rejects.toThrow('broken');
  expect(awake).toContain('b');
});

it('tells why an arm did not start, and ends the others, whatever their ends say', async () => {
  const ended: string[] = [];
  const [first, second] = arms(['a', 'b'], []) as [Arm, Arm];
  const all: Arm[] = [
    { ...first, end: async () => void ended.push('a') },
    {
      ...second,
      start: () => Promise.reject(new Error('no pseudo-terminal')),
      end: () => Promise.reject(new TypeError('end of nothing')),
    },
  ];
  await expect(interleave(all, plan)).rejects.toThrow('no pseudo-terminal');
  expect(ended).toEqual(['a']);
});

it('tells of an end that fails when nothing else did', async () => {
  const [only] = arms(['a'], []) as [Arm];
  const failing: Arm = { ...only, end: () => Promise.reject(new Error('did not end')) };
  await expect(interleave([failing], plan)).rejects.toThrow('did not end');
});
