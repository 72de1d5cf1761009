import { describe, expect, it } from 'vitest';
import { RecordingRig } from './recording-rig.js';
import type { Io, Rig } from './rig.js';
import { Trace } from './trace.js';

const never = (reason: string): never => {
  throw new Error(reason);
};

/** Pins that change when they are told to; steps that end when they are told to. */
function rigOf() {
  const trace = new Trace({
    nowUs: () => 5,
    isRealTime: true,
    inconclusive: never,
    refuse: never,
    marginal: () => {},
    replay: '',
  });
  const listeners = new Set<(level: 0 | 1, atUs: number) => void>();
  const ends: (() => void)[] = [];
  const io = {
    onChange: (_: number, listener: (level: 0 | 1, atUs: number) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Io;
  const waiting = () => new Promise<void>((resolve) => ends.push(resolve));
  const rig = {
    trace,
    io,
    faults: null,
    nowUs: () => 5,
    pass: waiting,
    unplug: waiting,
    freeze: waiting,
    until: waiting,
  };
  const kinds = () => Array.from({ length: trace.recording.length }, (_, i) => trace.recording.at(i).kind);
  return { rig: new RecordingRig(rig as unknown as Rig), trace, listeners, ends, kinds };
}

describe('a step that begins while another one is under way', () => {
  it('is refused, by the names of both, and the first one goes on', async () => {
    const { rig, trace, ends, kinds } = rigOf();
    const back = rig.unplug(1000);
    await expect(rig.pass(500)).rejects.toThrow('"pass 500 ms" began before "unplug 1000 ms" had ended');
    await expect(trace.faultStep('swap', '', async () => {})).rejects.toThrow('"swap" began before "unplug 1000 ms"');
    ends[0]!();
    await back;
    expect(kinds()).toEqual(['step']);
    const next = rig.pass(500);
    ends[1]!();
    await expect(next).resolves.toBeUndefined();
  });
});

describe('a time that is none', () => {
  it.each([undefined, Number.NaN, -1, Number.POSITIVE_INFINITY, '5'])('is refused: %s', async (given) => {
    const { rig, ends } = rigOf();
    const ms = given as number;
    const steps = {
      pass: () => rig.pass(ms),
      until: () => rig.until('it rains', () => false, ms),
      freeze: () => rig.freeze(ms),
      unplug: () => rig.unplug(ms),
    };
    for (const [name, step] of Object.entries(steps)) {
      await expect(step()).rejects.toThrow(RangeError);
      await expect(step()).rejects.toThrow(`${name === 'until' ? 'it rains' : name}: `);
    }
    expect(ends).toEqual([]);
  });

  it('is not one of nothing, but for a freeze', async () => {
    const { rig, ends } = rigOf();
    for (const step of [() => rig.pass(0), () => rig.unplug(0), () => rig.until('it rains', () => true, 0)]) {
      const taken = step();
      await Promise.resolve();
      ends.pop()!();
      await expect(taken).resolves.toBeUndefined();
    }
    await expect(rig.freeze(0)).rejects.toThrow('freeze: 0; give a finite number above 0');
  });
});

describe('two listeners at one pin', () => {
  it('hear each edge once, and it is recorded once', () => {
    const { rig, listeners, kinds } = rigOf();
    const heard: string[] = [];
    const stopOne = rig.io!.onChange(14, (level) => heard.push(`one ${level}`));
    const stopOther = rig.io!.onChange(14, (level) => heard.push(`other ${level}`));
    const edge = (level: 0 | 1) => {
      for (const listener of listeners) listener(level, 5);
    };
    edge(1);
    stopOne();
    edge(0);
    stopOther();
    edge(1);
    expect(heard).toEqual(['one 1', 'other 1', 'other 0']);
    expect(kinds()).toEqual(['edge', 'edge']);
    expect(listeners.size).toBe(0);
  });
});
