/** docs/contract.md and the examples of settings say what the committed firmware offers, and what becomes of them. */
import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { expect, it } from 'vitest';
import { parseDescriptor } from '../codec/descriptor.js';
import type { ContractConfig } from '../config.js';
import { resolveContract } from './contract.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url));
const [json] = /\{"id":"pico".*?\]\}(?=\0)/s.exec(read('firmware/images/pico.bin').toString('utf8')) ?? [];
const parsed = parseDescriptor(Buffer.from(json!));
if (!parsed.ok) throw new Error('the descriptor of the committed image cannot be read');
const { baud, streams } = parsed.descriptor;
const control = streams[0]!;
const text = read('docs/contract.md').toString();
const resolve = (config: ContractConfig) =>
  resolveContract(control, config, { baud: baud!, encoding: 'binary', streams });

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
  const refused = resolve({ deadlineUs: 8000 });
  if (refused.ok) throw new Error('was not refused');
  expect(text).toContain(refused.reason);
  expect(resolve({ deadlineUs: 8000, hostUs: 3000 })).toMatchObject({ ok: true });
});

it.each(['README.md', 'docs/configuration.md'])('the contract of the example in %s is accepted', (path) => {
  const example = /```toml\n([^`]*\[boards\.contract\.control\][^`]*)```/.exec(read(path).toString())?.[1];
  const [board] = (parse(example!) as unknown as { boards: { contract: { control: ContractConfig } }[] }).boards;
  expect(resolve(board!.contract.control)).toMatchObject({ ok: true });
});
