/** docs/operations.md has a row for each alarm that the source can raise. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const source = fileURLToPath(new URL('.', import.meta.url));
const page = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
const section = page.split(/^## /m).find((part) => part.startsWith('Alarms\n')) ?? '';
const texts = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !/\.(test|rig)\.ts$|^(board\/emulated|hil|simulator)\//.test(name))
  .map((name) => readFileSync(join(source, name), 'utf8'));

/** `alarm('tripped', …`; the start of `degraded-${name}`; and the ids that the MQTT outlet has in a table. */
const ids = new Set(
  texts.flatMap((text) =>
    [...text.matchAll(/\balarm\(\s*['`]([a-z-]+)/gi), ...text.matchAll(/(?:\bsay\(|\bid: )'(mqtt-[a-z-]+)'/g)].map(
      ([, id]) => id!,
    ),
  ),
);

it('has each', () => {
  expect([...ids]).toEqual(expect.arrayContaining(['tripped', 'degraded-', 'worker-', 'mqtt-rejected']));
  for (const id of [...ids, 'delivery-']) expect(section).toContain(id.endsWith('-') ? `\`${id}<` : `\`${id}\``);
});
