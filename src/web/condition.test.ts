import { describe, expect, it } from 'vitest';
import { conditionOf, type Look } from './condition.js';

const fresh = { name: 'control', live: true, ageSeconds: 0.01 };
const old = { name: 'slow', live: false, ageSeconds: 3.04 };
const never = { name: 'event', live: false, ageSeconds: null };
const look: Look = { connected: true, heardSeconds: 0.1, gone: null, link: 'streaming', streams: [fresh] };

describe('condition of a board', () => {
  it.each([
    ['all of its streams are live', {}, 'live', 'LIVE'],
    ['one of two streams is old', { streams: [fresh, old] }, 'stale', 'STALE 3.0 s'],
    ['there is no connection, whatever its values say', { connected: false }, 'disconnected', 'DISCONNECTED'],
    ['there was a connection', { connected: false, streams: [old] }, 'disconnected', 'DISCONNECTED 3.0 s'],
    ['the board went', { gone: 'unplugged', streams: [old] }, 'gone', 'BOARD GONE'],
    ['the bridge says nothing', { heardSeconds: 3.1, streams: [old] }, 'silent', 'BRIDGE SILENT 3.0 s'],
    ['its clock is not known', { streams: [{ ...old, ageSeconds: null }] }, 'waiting', 'NO LIVE DATA'],
    ['one of two streams has not begun', { streams: [fresh, never] }, 'waiting', 'NOT ALL LIVE'],
    ['it has no streams', { streams: [] }, 'waiting', 'NO LIVE DATA'],
  ] as const)('when %s', (_when, change, state, word) => {
    expect(conditionOf({ ...look, ...change })).toMatchObject({ state, word });
  });

  it('names the stream that is stale when others are not', () => {
    expect(conditionOf({ ...look, streams: [fresh, old] }).why).toMatch(/^slow: values are older/);
  });

  it('does not call old what never came', () => {
    const { why } = conditionOf({ ...look, streams: [old, never] });
    expect(why).toBe(
      'slow: values are older than their lifespan. event: no values, or none whose age is known. Link: streaming.',
    );
  });
});
