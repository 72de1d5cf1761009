import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { faultTable, faultTableText } from './fault-table.js';
import { LineFaults } from './line-faults.js';

it('every fault of the table can be asked for', () => {
  for (const fault of Object.keys(faultTable)) expect(LineFaults.prototype).toHaveProperty(fault);
});

it('docs/hil.md shows the table as it is', () => {
  expect(readFileSync(new URL('../../docs/hil.md', import.meta.url), 'utf8')).toContain(faultTableText());
});
