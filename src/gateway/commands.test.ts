import { expect, test } from 'vitest';
import type { FromOutlet } from '../outlet.js';
import { CommandRelay } from './commands.js';

test('commands that nobody answers do not keep a board from being made safe', async () => {
  const posted: FromOutlet[] = [];
  const relay = new CommandRelay((message) => posted.push(message));
  const ask = (name: string) => relay.send({ board: 'pico', name, arguments: [], by: 'test' });
  const flood = Array.from({ length: 100 }, () => ask('set-speed'));
  expect(posted).toHaveLength(56);
  expect(await flood[56]).toMatchObject({ ok: false, code: 'too-many', detail: expect.stringMatching(/^56 commands/) });
  const safe = ask('safe');
  relay.answer(57, { ok: true, detail: 'safe' });
  expect(await safe).toEqual({ ok: true, detail: 'safe' });
  for (let i = 0; i < 8; i++) void ask('safe');
  expect(await ask('safe')).toMatchObject({ ok: false, code: 'too-many' });
  relay.close();
});
