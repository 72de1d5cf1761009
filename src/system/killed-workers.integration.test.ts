/** Workers are killed at random moments: each comes back, nothing that the ring holds is lost to it, and the loop does not notice. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { freePort, Mosquitto } from '../mqtt/broker.rig.js';
import { ROWS_MAX } from '../mqtt/frames.js';
import { clean, Program, root } from './bridge.rig.js';
import { MqttFrames, PhoenixFrames } from './frames.rig.js';
import { until } from './processes.rig.js';

/** `TAUTLINE_KILLS=20` for the whole measurement. */
const kills = Number(process.env.TAUTLINE_KILLS ?? 3);
/** The longest that a worker of this machine may take to come back, with all that goes on beside. */
const PAUSE_MS = 1500;
/** QoS 0: what a broker without a CPU has not read when its client dies, it throws away. 0 on a quiet machine; so many for each kill. */
const UNREAD_FRAMES_MAX = 250;

interface Figures {
  readonly dataFrames: number;
  /** Frames that never came into the ring. */
  readonly missing: number;
  readonly loopDelayMaxMs: number;
  readonly restarts: Readonly<Record<string, number>>;
  readonly up: readonly string[];
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function start(...settings: string[]): Program {
  const program = new Program(process.execPath, [join(root, 'src/system/bridge-program.mjs'), ...settings], {
    env: clean(process.env),
  });
  closers.push(() => program.kill('SIGTERM'));
  return program;
}

async function figures(program: Program): Promise<Figures> {
  const from = program.stdout.length;
  program.tell('figures');
  await until('figures', () => program.stdout.indexOf('\n', from) >= 0);
  return JSON.parse(program.stdout.slice(from)) as Figures;
}

async function isUp(program: Program, outlet: string, restarts: number): Promise<Figures> {
  for (;;) {
    const now = await figures(program);
    if (now.restarts[outlet] === restarts && now.up.includes(outlet)) return now;
    await sleep(50);
  }
}

test.each(['gateway', 'mqtt', 'broker', 'console'])(
  '%s',
  async (outlet) => {
    const external = outlet === 'mqtt' ? await Mosquitto.start() : null;
    if (external !== null) closers.push(() => external.stop());
    const program = start(
      `http.port=${await freePort()}`,
      `mqtt.port=${await freePort()}`,
      'mqtt.frames=true',
      ...(external === null ? [] : [`mqtt.url=${external.url}`]),
    );
    const [, url] = await program.says(/gateway: ready at (http:\S+)/);
    await program.says(/pico {2}streaming/);
    const phoenix = new PhoenixFrames(url!, 'pico');
    closers.push(() => phoenix.close());
    const broker = external?.url ?? (await program.says(/broker: ready at (mqtt:\S+)/))[1]!;
    const subscriber = await MqttFrames.start(broker, 'pico');
    closers.push(() => subscriber.close());
    await phoenix.more(500);
    await subscriber.more(500);
    program.tell('calm');

    for (let i = 1; i <= kills; i++) {
      await sleep(Math.random() * PAUSE_MS);
      program.tell(`kill ${outlet}`);
      await isUp(program, outlet, i);
      await phoenix.more(500);
      await subscriber.more(500);
    }

    // A machine that starves us may cost the board frames, or us a few as a slow reader: no more is missing than that.
    const { loopDelayMaxMs, restarts, missing } = await figures(program);
    expect(phoenix.check).toMatchObject({ disorder: [], boots: [expect.any(String)] });
    expect(phoenix.recovered.every((recovered, i) => recovered || i === 0)).toBe(true);
    expect(phoenix.check.missing).toBeLessThanOrEqual(missing + phoenix.dropped);
    // The broker keeps nothing: what it had when it was killed, and what came while it was away, is gone.
    if (outlet !== 'broker') {
      expect(subscriber.check.boots).toHaveLength(1);
      // A worker that is killed between the socket and its cursor says the batch under way again.
      expect(subscriber.check.disorder.length).toBeLessThanOrEqual(outlet === 'mqtt' ? kills * ROWS_MAX : 0);
      const unread = outlet === 'mqtt' ? kills * UNREAD_FRAMES_MAX : 0;
      expect(subscriber.check.missing).toBeLessThanOrEqual(missing + unread);
    }
    expect(restarts[outlet]).toBe(kills);
    process.stderr.write(`${outlet}: ${kills} kills, longest turn of the loop ${loopDelayMaxMs.toFixed(1)} ms\n`);
    expect(loopDelayMaxMs).toBeLessThan(1000);
  },
  60_000 + kills * 20_000,
);
