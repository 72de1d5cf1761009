import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseDescriptor } from './descriptor.js';
import { binaryMessage, encodeBinary, encodeText } from './encode.js';
import type { AnyMessage } from './message.js';
import * as schema from './schema.js';
import { sessionTag } from './session-tag.js';

const doc = readFileSync(new URL('../../docs/wire-protocol.md', import.meta.url), 'utf8');

/** The cells of the first table below a heading, without its head. */
function tableBelow(heading: string): string[][] {
  const section = doc.split(`${heading}\n`)[1]?.split(/^#{1,4} /m)[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

const spaced = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');

describe('docs/wire-protocol.md', () => {
  test.each(Object.entries(schema.messages))('lists the fields of %s as declared', (name, message) => {
    const heading = `#### \`${name}\` — 0x${message.kind.toString(16).padStart(2, '0')}, \`${message.word}\``;
    expect(tableBelow(heading).map(([field, type]) => [field, type])).toEqual(
      message.fields.map((field) => [field.name, field.type]),
    );
    const section = doc
      .split(heading)[0]!
      .lastIndexOf(message.direction === 'device' ? '### Device to host' : '### Host to device');
    expect(section).toBeGreaterThan(
      doc.split(heading)[0]!.lastIndexOf(message.direction === 'device' ? '### Host to device' : '### Device to host'),
    );
  });

  test.each([
    ['#### Encodings', schema.encodings],
    ['#### Reset causes', schema.resetCauses],
    ['#### data.flags', schema.dataFlags],
    ['#### Arm states', schema.armStates],
    ['#### Trip causes', schema.tripCauses],
    ['#### Answer codes', schema.answerCodes],
    ['#### Event codes', schema.eventCodes],
    ['#### Event levels', schema.eventLevels],
  ])('lists the codes under %s as declared', (heading, codes) => {
    expect(tableBelow(heading).map(([code, name]) => [name, Number(code)])).toEqual(Object.entries(codes));
  });

  test('states every limit as declared', () => {
    const declared = Object.entries(schema).filter(([name]) => name.endsWith('_MAX'));
    const stated = tableBelow('## Limits').map(([name, value]) => [name, Number(value)] as const);
    expect(new Map(stated)).toEqual(new Map(declared as [string, number][]));
  });

  const examples = [...doc.matchAll(/```example\n(.*?)```/gs)].map(([, block]) => {
    const parts = Object.fromEntries(
      block!
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, 9).trim(), line.slice(9)]),
    );
    return { ...parts, message: JSON.parse(parts.message!) as AnyMessage } as Record<string, string> & {
      message: AnyMessage;
    };
  });

  test('has examples', () => {
    expect(examples.length).toBeGreaterThanOrEqual(7);
  });

  test.each(examples.map((example) => [example.message.name, example] as const))(
    'shows %s as it is encoded',
    (_, example) => {
      expect(new TextDecoder().decode(encodeText(example.message))).toBe(`${example.text}\n`);
      expect(spaced(binaryMessage(example.message))).toBe(example.body);
      expect(spaced(encodeBinary(example.message))).toBe(example.binary);
    },
  );

  test('computes the tag of its example', () => {
    const [, ...hex] = doc.match(/bootId (\w{8}), descriptorHash (\w{8}), hostNonce (\w{8}): tag (\w{4})/)!;
    const [bootId, hash, nonce, tag] = hex.map((digits) => Number.parseInt(digits, 16)) as [
      number,
      number,
      number,
      number,
    ];
    expect(sessionTag(bootId, hash, nonce)).toBe(tag);
  });

  test('shows a descriptor that is accepted', () => {
    const [, json] = doc.match(/```json\n(.*?)```/s)!;
    expect(parseDescriptor(new TextEncoder().encode(json))).toMatchObject({ ok: true });
  });

  test('does its arithmetic of the line with the real lengths', () => {
    const data = examples.find(({ message }) => message.name === 'data')!.message;
    const us = (bytes: number) => ((bytes * 10) / 921600) * 1e6;
    const lengths = [encodeText(data).length, encodeBinary(data).length];
    expect(tableBelow('## Budget of the line').map((row) => row.slice(1))).toEqual(
      lengths.map((length) => [`${length}`, `${us(length).toFixed(1)} us`, `${(us(length) / 10).toFixed(1)} %`]),
    );
  });
});
