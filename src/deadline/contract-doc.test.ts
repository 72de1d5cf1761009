/** docs/contract.md and the examples of settings say what the committed firmware offers, and what becomes of them. */
import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { expect, it } from 'vitest';
import { parseDescriptor } from '../codec/descriptor.js';
import type { ContractConfig } from '../config.js';
import { resolveContract } from './contract.js';
import { type Line, lineLoad, wireBytes } from './line-load.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url));
const [json] = /\{"id":"pico".*?\]\}(?=\0)/s.exec(read('firmware/images/pico.bin').toString('utf8')) ?? [];
const parsed = parseDescriptor(Buffer.from(json!));
if (!parsed.ok) throw new Error('the descriptor of the committed image cannot be read');
const { baud, streams } = parsed.descriptor;
const control = streams[0]!;
const text = read('docs/contract.md').toString();
const binary = { baud: baud!, encoding: 'binary', streams } as const;

it('offers what the table says', () => {
  const offered = new Map(
    [...text.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| .* \| ([^|]+) \|$/gm)].flatMap(([, names, values]) =>
      [...names!.matchAll(/`(\w+)`/g)].map(
        ([, name], i) => [name!, values!.split(', ')[i]?.replaceAll(',', '')] as const,
      ),
    ),
  );
  const { contract, periodUs } = control;
  const { budgets, delivery, class: kind, ...terms } = contract;
  for (const [name, value] of Object.entries({ periodUs, ...terms, ...budgets, ...delivery }))
    expect([name, offered.get(name)]).toEqual([name, String(value)]);
  expect(offered.get('class')).toBe(`\`${kind}\``);
});

it('refuses as it says', () => {
  const refused = (config: ContractConfig, line: Line = binary) => {
    const resolved = resolveContract(control, config, line);
    return resolved.ok ? 'accepted' : resolved.reason;
  };
  expect(text).toContain(refused({ deadlineUs: 8000 }));
  expect(text).toContain(refused({ deadlineUs: 12_000 }));
  expect(text).toContain(refused({ m: 980 }));
  expect(text).toContain(refused({}, { ...binary, baud: 460_800, encoding: 'text' }));
  expect(refused({ deadlineUs: 8000, hostUs: 3000 })).toBe('accepted');
});

it('fills the line as it says', () => {
  for (const encoding of ['binary', 'text'] as const) {
    const load = lineLoad({ ...binary, encoding });
    expect(text).toContain(`${wireBytes('data', encoding, control.signals)} × 1000 = ${load.data}`);
    expect(text).toContain(`${load.data} + ${load.status} + ${load.pong} + ${load.descriptor}`);
    expect(text).toContain(`= ${(load.fraction * 100).toFixed(1)} %`);
  }
});

it.each(['README.md', 'docs/configuration.md'])('the contract of the example in %s is accepted', (path) => {
  const example = /```toml\n([^`]*\[boards\.contract\.control\][^`]*)```/.exec(read(path).toString())?.[1];
  const [board] = (parse(example!) as unknown as { boards: { contract: { control: ContractConfig } }[] }).boards;
  expect(resolveContract(control, board!.contract.control, binary)).toMatchObject({ ok: true });
});
