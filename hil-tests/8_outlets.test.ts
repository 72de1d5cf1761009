/** Layer 8: what clients of the outlets get is what the loop judged. Content and order: their time is this machine's. */
import { describe, expect, test } from 'tautline/hil';
import { gapsOnLine } from './gaps.js';

interface State {
  readonly board: string;
  readonly boot: string;
  readonly seq: number;
  readonly values: Readonly<Record<string, number>>;
}
interface Miss {
  readonly verdict: string;
  readonly culprit: string;
  readonly firstSeq?: number | null;
  readonly count?: number | null;
}

describe('outlets', () => {
  test.override({ needs: ['outlets'] });

  test('the socket gets every frame once, in order, with the values of the trace', async ({
    bridge,
    clock,
    trace,
    socket,
  }) => {
    await bridge.streaming();
    await socket.join();
    const mark = trace.mark();
    await clock.pass(1000);
    const { seq } = trace.frames.at(-1)!;
    await socket.until('the newest frame is there', ({ frames }) => (frames.at(-1)?.seq ?? -1) >= seq);
    const { frames, gaps } = socket;
    expect(gaps).toEqual([]);
    // What the line lost nobody could deliver.
    expect(trace.since(mark)).toHaveNoGaps();
    expect(frames.every((frame, i) => i === 0 || frame.seq === frames[i - 1]!.seq + 1)).toBe(true);
    const traced = new Map(trace.frames.map((frame) => [frame.seq, frame]));
    const known = frames.filter((frame) => traced.has(frame.seq));
    clock.timely({ since: mark, ms: 500 }, () =>
      expect(known.length).toBeGreaterThan(500_000 / bridge.descriptor!.streams[0]!.periodUs),
    );
    for (const { seq, boot, releaseUs, verdict, values } of known) {
      expect(traced.get(seq)).toMatchObject({ boot, releaseUs, verdict, values });
    }
  });

  test('a subscriber learns what the board is, and its newest states, in order', async ({
    bridge,
    clock,
    trace,
    mqtt,
  }) => {
    await bridge.streaming();
    const { id } = bridge.loop;
    await clock.pass(500);
    const topic = `tautline/${id}/control/state`;
    await mqtt.until('three states', (tap) => tap.of(topic).length >= 3);
    expect(mqtt.of(`tautline/${id}/descriptor`)[0]).toMatchObject({ build: bridge.descriptor!.build });
    expect(mqtt.messages.some((each) => each.topic === `tautline/${id}/availability` && each.text === 'online')).toBe(
      true,
    );
    const states = mqtt.of<State>(topic);
    expect(states.every(({ seq }, i) => i === 0 || seq >= states[i - 1]!.seq)).toBe(true);
    const names = bridge.descriptor!.streams[0]!.signals.map(({ name }) => name);
    const traced = new Map(trace.frames.map((frame) => [frame.seq, frame]));
    for (const { seq, values } of states) {
      const frame = traced.get(seq);
      if (frame === undefined) continue;
      // MQTT tells the digits that the board sent: 24.99, not 24.990000000000002.
      for (const [i, name] of names.entries()) expect(values[name]).toBeCloseTo(frame.values[i]!, 9);
    }
  });

  test('a command of the socket does what it says, and one that cannot be is refused with its code', async ({
    bridge,
    clock,
    trace,
    socket,
  }) => {
    await bridge.streaming();
    await socket.join();
    await clock.until('a command may carry an expiry', () => Number.isFinite(trace.health?.uncertaintyUs));
    await socket.command('setpoint', 900);
    const at = bridge.descriptor!.streams[0]!.signals.findIndex(({ name }) => name === 'setpoint');
    await socket.until('the frames show it', ({ frames }) => frames.at(-1)?.values[at] === 900);
    await expect(socket.command('explode')).rejects.toMatchObject({ code: 'unknown-command' });
  });

  describe('on a bad line', () => {
    test.override({ needs: ['outlets', 'faults'] });

    test('a gap reaches both, once, with its count and its culprit', async ({
      bridge,
      clock,
      faults,
      trace,
      mqtt,
      socket,
      health,
    }) => {
      health.expect('corrupt');
      await bridge.streaming();
      await socket.join();
      await clock.pass(500);
      const mark = trace.mark();
      faults.flip();
      await clock.pass(200);
      const window = trace.since(mark);
      const gaps = gapsOnLine(window.misses);
      const gap = gaps[0]!;
      const isGap = ({ verdict, firstSeq, count }: Pick<Miss, 'verdict' | 'firstSeq' | 'count'>) =>
        verdict === 'lost' && firstSeq === gap.firstSeq && count === gap.count;
      const topic = `tautline/${bridge.loop.id}/control/miss`;
      await mqtt.until('a gap', (tap) => tap.of<Miss>(topic).some(isGap));
      await socket.until('a gap', ({ misses }) => misses.some(isGap));
      expect({ ...window, misses: gaps }).toBlame('link');
      expect(mqtt.of<Miss>(topic).filter(isGap)).toMatchObject([{ culprit: 'link' }]);
      expect(socket.misses.filter(isGap)).toMatchObject([{ culprit: 'link' }]);
    });
  });
});
