import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { beginRun, brokenBoard, markBroken } from './broken-boards.js';

const built = new URL('../../dist/hil/broken-boards.js', import.meta.url);

/** As seen by another process of the same run. */
async function elsewhere(target: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'tautline-broken-'));
  const program = join(folder, 'ask.mjs');
  writeFileSync(
    program,
    `import { brokenBoard } from ${JSON.stringify(built.href)}; process.send(brokenBoard(${JSON.stringify(target)}));`,
  );
  const child = fork(program, { execArgv: [] });
  const [answer] = await once(child, 'message');
  await rm(folder, { recursive: true });
  return answer;
}

it('is known to all processes of a run, and to no other run', async () => {
  const end = beginRun();
  markBroken('/dev/ttyUSB0', 'no answer');
  expect(brokenBoard('/dev/ttyUSB0')).toBe('no answer');
  expect(await elsewhere('/dev/ttyUSB0')).toBe('no answer');
  expect(await elsewhere('/dev/ttyUSB1')).toBe(null);
  end();
  expect(await elsewhere('/dev/ttyUSB0')).toBe(null);
});
