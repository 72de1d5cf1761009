import { describe, expect, it } from 'vitest';
import { encodeBinary, encodeText } from '../codec/encode.js';
import type { AnyMessage } from '../codec/message.js';
import { encodings, messages } from '../codec/schema.js';
import { implies, resolveContract } from './contract.js';
import { lineLoad, lineTiming, pingWireUs, wireBytes } from './line-load.js';
import { controlStream } from './model/stream.js';

const line = { baud: 921_600, encoding: 'binary', streams: [controlStream] } as const;
const refusal = (...args: Parameters<typeof resolveContract>) => {
  const resolved = resolveContract(...args);
  if (resolved.ok) throw new Error('was not refused');
  return resolved.reason;
};

it('takes the offer as it is when nothing is configured', () => {
  const resolved = resolveContract(controlStream, undefined, line);
  expect(resolved).toEqual({ ok: true, contract: { ...controlStream.contract, periodUs: 1000 }, warnings: [] });
});

it('tightens every term', () => {
  const tighter = {
    class: 'hard',
    m: 998,
    k: 1000,
    jitterUs: 50,
    deadlineUs: 8000,
    lifespanUs: 100_000,
    leaseUs: 20_000,
    firmwareUs: 1000,
    linkUs: 2000,
    hostUs: 4000,
    outletUs: 10_000,
    consumerUs: 50_000,
  } as const;
  const resolved = resolveContract(controlStream, tighter, line);
  expect(resolved).toMatchObject({
    ok: true,
    contract: {
      ...{ class: 'hard', m: 998, k: 1000, deadlineUs: 8000, lifespanUs: 100_000, leaseUs: 20_000, jitterUs: 50 },
      budgets: { firmwareUs: 1000, linkUs: 2000, hostUs: 4000 },
      delivery: { outletUs: 10_000, consumerUs: 50_000 },
    },
  });
});

describe('refuses', () => {
  it.each([
    [{ deadlineUs: 12_000 }, 'deadlineUs 12000 is looser than the 10000 that the board offers; set 10000 or less'],
    [{ jitterUs: 101 }, 'jitterUs 101 is looser than the 100'],
    [{ lifespanUs: 300_000 }, 'lifespanUs 300000 is looser than the 250000'],
    [{ leaseUs: 60_000 }, 'leaseUs 60000 is looser than the 50000'],
    [{ consumerUs: 200_000 }, 'consumerUs 200000 is looser than the 100000'],
    [{ class: 'soft' as const }, 'class soft is looser than the firm'],
    [{ m: 980 }, '(980, 1000) allows windows that break the offered (990, 1000): up to 20 misses in 1000'],
    [{ m: 99, k: 101 }, '(99, 101) allows windows that break the offered (990, 1000)'],
    [{ m: 0 }, '(0, 1000) allows'],
    [{ deadlineUs: 8000 }, 'firmware 2000 + link 3000 + host 5000 = 10000 µs > 8000 µs; tighten the budgets too'],
    [{ leaseUs: 1000 }, 'leaseUs 1000 must exceed the period of 1000 µs'],
    [
      { linkUs: 300 },
      'a frame of 36 bytes × 10.85 µs = 391 µs on the wire exceeds the link’s budget of 300 µs'.replace('’', "'"),
    ],
  ])('%o', (config, text) => {
    expect(refusal(controlStream, config, line)).toContain(text);
  });

  it('a line that is too slow, with the whole sum and the way out', () => {
    const reason = refusal(controlStream, undefined, { ...line, baud: 460_800, encoding: 'text' });
    expect(reason).toBe(
      'the line carries control 82 B × 1000 Hz + status 114 + pong 138 + descriptor 122 = 82374 bytes/s of 46080 ' +
        'at 460800 baud (text) = 178.8 %: more than 90 %; raise the baud rate, lengthen the periods, or use binary frames (78.5 %)',
    );
  });

  it('heartbeats that the line to the board cannot carry', () => {
    const slow = {
      ...controlStream,
      periodUs: 1e6,
      contract: { ...controlStream.contract, leaseUs: 3e6, budgets: { firmwareUs: 0, linkUs: 9000, hostUs: 0 } },
    };
    const reason = refusal(slow, undefined, { baud: 9600, encoding: 'text', streams: [slow], heartbeats: true });
    expect(reason).toContain('heartbeats and pings take');
  });
});

it('warns beyond 70 % of the line, and of values that go stale between frames', () => {
  const warned = resolveContract(controlStream, { lifespanUs: 5000, leaseUs: 2000 }, { ...line, baud: 460_800 });
  expect(warned).toMatchObject({ ok: true });
  const warnings = warned.ok ? warned.warnings : [];
  expect(warnings[0]).toContain('= 78.5 %: more than 70 %');
  expect(warnings[1]).toContain('lifespan 5000 µs < period 1000 + deadline 10000 µs');
  expect(warnings[2]).toContain('lease 2000 µs < period 1000 + deadline 10000 µs');
});

it('counts all streams of the line', () => {
  const one = lineLoad(line);
  const two = lineLoad({ ...line, streams: [controlStream, { ...controlStream, id: 2, periodUs: 2000 }] });
  expect(two.data).toBe(one.data * 1.5);
});

it('knows the sizes that the encoder makes', () => {
  const zeros = (name: 'data' | 'status' | 'pong' | 'heartbeat' | 'ping') =>
    Object.fromEntries(messages[name].fields.map((field) => [field.name, 0]));
  const types = controlStream.signals.map(({ type }) => type);
  for (const name of ['data', 'status', 'pong', 'heartbeat', 'ping'] as const) {
    const values = name === 'data' ? { values: [1, 2, 3, 4], types } : {};
    const message = { name, ...zeros(name), ...values } as AnyMessage;
    const signals = name === 'data' ? controlStream.signals : [];
    expect([name, wireBytes(name, 'text', signals)]).toEqual([name, encodeText(message).length]);
    expect([name, wireBytes(name, 'binary', signals)]).toEqual([name, encodeBinary(message).length]);
  }
  expect(wireBytes('data', 'binary', controlStream.signals)).toBe(36);
  expect(wireBytes('data', 'text', controlStream.signals)).toBe(82);
  for (const encoding of Object.keys(encodings) as (keyof typeof encodings)[]) {
    expect(wireBytes('ping', encoding)).toBe(wireBytes('pong', encoding));
    const timed = pingWireUs(encoding, lineTiming(921_600));
    expect(timed).toBeCloseTo((wireBytes('ping', encoding) - 1) * 0.97 * (1e7 / 921_600), 6);
    expect(pingWireUs(encoding, lineTiming(921_600, false))).toBe(0);
  }
});

it('orders (m,k) contracts as enumeration does', () => {
  const keeps = (word: number, bits: number, m: number, k: number) => {
    for (let from = 0; from + k <= bits; from++) {
      let met = 0;
      for (let i = 0; i < k; i++) met += (word >> (from + i)) & 1;
      if (met < m) return false;
    }
    return true;
  };
  const BITS = 14;
  for (let k = 1; k <= 5; k++) {
    for (let q = 1; q <= 5; q++) {
      for (let m = 1; m <= k; m++) {
        for (let p = 1; p <= q; p++) {
          let implied = true;
          for (let word = 0; word < 1 << BITS && implied; word++) {
            implied = !keeps(word, BITS, m, k) || keeps(word, BITS, p, q);
          }
          expect([m, k, p, q, implies(m, k, p, q)]).toEqual([m, k, p, q, implied]);
        }
      }
    }
  }
});
