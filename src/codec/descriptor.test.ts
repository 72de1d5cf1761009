import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDescriptor } from './descriptor.js';

type Json = Record<string, unknown>;

function sample(): Json {
  const signal = { name: 'speed', type: 'i16', scale: 0.5, offset: 0, unit: 'rpm', min: -4000, max: 4000 };
  const contract = {
    class: 'firm',
    m: 990,
    k: 1000,
    jitterUs: 100,
    deadlineUs: 10_000,
    lifespanUs: 250_000,
    leaseUs: 50_000,
    budgets: { firmwareUs: 500, linkUs: 2000, hostUs: 2000 },
    delivery: { outletUs: 20_000, consumerUs: 50_000 },
  };
  return {
    id: 'pico',
    name: 'motor',
    mcu: 'rp2040',
    firmware: '0.1.0',
    build: 'ab'.repeat(32),
    tickHz: 1000,
    baud: 921_600,
    armable: true,
    watchdogMs: 100,
    streams: [{ id: 0, name: 'control', periodUs: 1000, contract, signals: [signal, { ...signal, name: 'current' }] }],
    commands: [{ name: 'set-speed', arguments: [{ name: 'speed', scale: 1, offset: 0, unit: '' }], dangerous: true }],
  };
}

const parse = (json: unknown) => parseDescriptor(new TextEncoder().encode(JSON.stringify(json)));

/** The sample with one value replaced. */
function withValue(path: string, value: unknown): Json {
  const json = sample();
  const keys = path.split('.');
  let owner = json;
  for (const key of keys.slice(0, -1)) owner = owner[key] as Json;
  owner[keys.at(-1)!] = value;
  return json;
}

describe('parseDescriptor', () => {
  test('gives back what the board declares', () => {
    expect(parse(sample())).toEqual({ ok: true, descriptor: sample() });
  });

  test('leaves out keys that it does not know', () => {
    const parsed = parse({ ...sample(), future: 1, __proto__: { polluted: true } });
    expect(parsed).toEqual({ ok: true, descriptor: sample() });
  });

  test.each([
    ['name', '../etc', 'name is "../etc"'],
    ['name', 'bridge', 'name is "bridge"'],
    ['id', 'A', 'id is "A"'],
    ['id', 'a'.repeat(33), 'id is "aaaa'],
    ['mcu', 'rp\u001b[2J', 'mcu is "rp\\u001b[2J"'],
    ['build', 'abc', 'build is "abc"'],
    ['armable', 1, 'armable is 1'],
    ['watchdogMs', -1, 'watchdogMs is -1'],
    ['streams', [], 'streams.length is 0'],
    ['streams', 'x', 'streams is "x"'],
    ['streams.0', null, 'streams[0] is null'],
    ['streams.0.id', 32, 'streams[0].id is 32'],
    ['streams.0.name', 'request', 'streams[0].name is "request"'],
    ['streams.0.name', '+', 'streams[0].name is "+"'],
    ['streams.0.periodUs', 0, 'streams[0].periodUs is 0'],
    ['streams.0.signals', new Array(65).fill({}), 'streams[0].signals.length is 65'],
    ['streams.0.signals.1.name', 'speed', 'streams[0].signals.name is "speed"'],
    ['streams.0.signals.1.name', '__proto__', 'streams[0].signals[1].name is "__proto__"'],
    ['streams.0.signals.1.type', 'constructor', 'streams[0].signals[1].type is "constructor"'],
    ['streams.0.signals.1.scale', 0, 'streams[0].signals[1].scale is 0'],
    ['streams.0.signals.1.scale', 1e305, 'streams[0].signals[1].scale is 1e+305'],
    ['streams.0.signals.1.scale', '1', 'streams[0].signals[1].scale is "1"'],
    ['streams.0.signals.1.unit', 'x'.repeat(17), 'streams[0].signals[1].unit is'],
    ['streams.0.signals.1.min', 5000, 'streams[0].signals[1].min is 5000, must be at most max, which is 4000'],
    ['streams.0.contract.class', 'best', 'streams[0].contract.class is "best"'],
    ['streams.0.contract.m', 1001, 'streams[0].contract.m is 1001, must be an integer from 0 to 1000'],
    ['streams.0.contract.budgets', undefined, 'streams[0].contract.budgets is missing'],
    ['streams.0.contract.delivery.outletUs', 1.5, 'streams[0].contract.delivery.outletUs is 1.5'],
    ['commands.0.name', 'arm', 'commands[0].name is "arm"'],
    ['commands.0.arguments', new Array(5).fill({}), 'commands[0].arguments.length is 5'],
    ['commands.0.dangerous', undefined, 'commands[0].dangerous is missing'],
  ])('refuses %s = %j with the offending value', (path, value, reason) => {
    const parsed = parse(withValue(path, value));
    expect(parsed.ok ? 'accepted' : parsed.reason).toContain(reason);
  });

  test('refuses two streams of one number, and more bytes than the protocol allows', () => {
    const streams = sample().streams as Json[];
    expect(parse({ ...sample(), streams: [streams[0], { ...streams[0], name: 'other' }] })).toMatchObject({
      reason: 'streams.id is 0, must be used once only',
    });
    expect(parseDescriptor(new Uint8Array(4097))).toMatchObject({
      ok: false,
      reason: expect.stringContaining('4097 bytes'),
    });
  });

  test('never throws and keeps its reasons short and printable, whatever the bytes', () => {
    const keys = ['name', 'streams', 'streams.0.signals.0', 'streams.0.contract', 'commands.0', 'tickHz', 'id'];
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (path, value) => {
        const parsed = parse(withValue(path, value));
        if (!parsed.ok) expect(parsed.reason).toMatch(/^[^\p{Cc}]{1,300}$/u);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const parsed = parseDescriptor(bytes);
        if (!parsed.ok) expect(parsed.reason).toMatch(/^[^\p{Cc}]{1,300}$/u);
      }),
    );
  });
});
