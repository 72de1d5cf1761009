/** The bridge is held up, as a busy or suspended machine does it: nothing is lost, repeated or reordered on the way from the firmware to the feed. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { clean, Program, root } from './bridge.rig.js';
import { metric, PhoenixFrames } from './frames.rig.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** `npm run soak` does it for ten minutes, up to a second each: as much as the kernel holds at this rate is close to two. */
const stallsMs = [100, 700, 300, 500, 200, 600, 400, 700];

test('eight stalls of up to 0.7 s, by stop signals and by a blocked loop', async () => {
  const program = new Program(
    process.execPath,
    [join(root, 'src/system/bridge-program.mjs'), 'http.port=0', 'mqtt.port=0'],
    { env: clean(process.env) },
  );
  closers.push(() => program.kill('SIGTERM'));
  const url = (await program.says(/gateway: ready at (http:\S+)/))[1]!;
  await program.says(/pico {2}streaming/);
  const client = new PhoenixFrames(url, 'pico');
  closers.push(() => client.close());
  await client.more(1000);
  for (const [i, ms] of stallsMs.entries()) {
    if (i % 2 === 0) program.tell(`block ${ms}`);
    else {
      program.child.kill('SIGSTOP');
      await sleep(ms);
      program.child.kill('SIGCONT');
    }
    await client.more(2000);
  }
  await sleep(1500); // the counters are written once a second
  for (const verdict of ['lost', 'repeated', 'reordered', 'corrupt', 'foreign'])
    expect([verdict, await metric(url, 'tautline_frames_total', `verdict="${verdict}"`)]).toEqual([verdict, 0]);
  // That the stalls were felt at all: frames were late, and the host is named for it.
  expect(await metric(url, 'tautline_frames_total', 'verdict="late"')).toBeGreaterThan(0);
  expect(client.check).toMatchObject({ disorder: [], boots: [expect.any(String)] });
  expect(client.check.missing).toBeLessThanOrEqual(client.dropped);
});
