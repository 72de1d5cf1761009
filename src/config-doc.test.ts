import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configurationTables } from './config-doc.js';

const page = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8');

it.each(Object.entries(configurationTables()))(
  'docs/configuration.md has the table of %s as the schema declares it',
  (_heading, table) => {
    expect(page).toContain(table);
  },
);
