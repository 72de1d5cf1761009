import { expect, it } from 'vitest';
import { probeAll } from './link.js';

it('gives up where nothing comes back of the first probes', async () => {
  let sent = 0;
  const silent = async () => {
    sent++;
    return undefined;
  };
  expect(await probeAll(silent, 0)).toBeUndefined();
  expect(sent).toBe(3);
});

it('shows a size of which nothing came back, when smaller ones did', async () => {
  const rows = await probeAll(async (bytes) => (bytes > 8 ? undefined : 100), 0);
  expect(rows?.map(([bytes, sent, lost]) => [bytes, sent, lost])).toEqual([
    [8, 200, 0],
    [32, 200, 200],
    [128, 200, 200],
  ]);
});
