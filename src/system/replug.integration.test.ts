/** Boards come and go while the bridge runs: it finds them again by itself, and nothing old is shown as live meanwhile. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Subscriber, waitFor } from '../mqtt/broker.rig.js';
import { BridgeProcess, clean, cli, hostBoard, Program } from './bridge.rig.js';
import { emulatorsOf, until } from './processes.rig.js';

const closers: (() => unknown)[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tautline-replug-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function program(command: string, ...args: string[]): Program {
  const started = new Program(command, args, { env: clean(process.env) });
  closers.push(() => started.kill('SIGKILL'));
  return started;
}

interface Watched {
  readonly tautline: BridgeProcess;
  readonly subscriber: Subscriber;
  readonly url: string;
  readonly id: string;
}

async function watch(id: string, ...args: string[]): Promise<Watched> {
  const tautline = BridgeProcess.start({ args });
  closers.push(() => tautline.dispose());
  const subscriber = await Subscriber.start(await tautline.brokerUrl(), 'tautline/#', { protocolVersion: 4 });
  closers.push(() => subscriber.stop());
  const watched = { tautline, subscriber, url: await tautline.url(), id };
  await isLive(watched);
  return watched;
}

interface State {
  readonly live: boolean;
  readonly boot: string;
  readonly ageUs: number;
  readonly lifespanUs: number;
}

const states = ({ subscriber, id }: Watched) => subscriber.json(`tautline/${id}/control/state`) as unknown as State[];

async function shown({ url, id }: Watched): Promise<State[]> {
  return (await fetch(`${url}/api/boards/${id}/state`)).json() as Promise<State[]>;
}

/** Live for all: over MQTT, over HTTP, and available. @returns its boot */
async function isLive(watched: Watched): Promise<string> {
  const from = states(watched).length;
  const live = await waitFor('a live state', () =>
    states(watched)
      .slice(from)
      .find((state) => state.live),
  );
  await waitFor('availability', () => watched.subscriber.last(`tautline/${watched.id}/availability`) === 'online');
  return live.boot;
}

/** Stale for all, and said to be away. */
async function isAway(watched: Watched): Promise<void> {
  await waitFor('the stale state', () => states(watched).at(-1)?.live === false);
  await waitFor('availability', () => watched.subscriber.last(`tautline/${watched.id}/availability`) === 'offline');
  expect(await shown(watched)).toMatchObject([{ live: false }]);
}

/** No state that was published as live was older than its lifespan. */
function expectHonest(watched: Watched): void {
  const live = states(watched).filter((state) => state.live);
  expect(live.filter(({ ageUs, lifespanUs }) => ageUs > lifespanUs)).toEqual([]);
}

test('an emulator that is killed is started again, and the board with it', async () => {
  const watched = await watch('pico');
  const { tautline } = watched;
  const boots = new Set([await isLive(watched)]);
  for (let i = 0; i < 2; i++) {
    const emulator = await tautline.emulator();
    const from = tautline.stderr.length;
    process.kill(emulator, 'SIGKILL');
    await tautline.says(/the emulator ended \(SIGKILL\)/, from);
    await until('another emulator', () => emulatorsOf(tautline.pid).some((pid) => pid !== emulator));
    // Not by what is printed: a line about the boot before may come a second late.
    await waitFor('another boot', () => !boots.has(states(watched).at(-1)!.boot));
    boots.add(await isLive(watched));
  }
  expect(boots.size).toBe(3);
  expectHonest(watched);
});

test('an adapter that is pulled and plugged in again: same board, same boot, another device behind the same path', async () => {
  const link = join(folder, 'board');
  const emulator = program(process.execPath, cli, 'emulate', 'pico', '--link', link);
  await until('the port', () => /^port /m.test(emulator.stdout));
  const watched = await watch('pico', '--set', `board.path=${link}`);
  const boot = await isLive(watched);
  for (let i = 0; i < 2; i++) {
    emulator.tell('unplug 1500');
    await isAway(watched);
    expect(await isLive(watched)).toBe(boot);
  }
  expectHonest(watched);
  const topics = new Set(watched.subscriber.messages.map(({ topic }) => topic.split('/')[1]));
  expect(topics).toEqual(new Set(['bridge', 'pico']));
});

test('another machine behind a link that is started again: another boot of the same board', async () => {
  const link = join(folder, 'board');
  let board = program(hostBoard, '--link', link);
  await until('the port', () => /^port /m.test(board.stdout));
  const watched = await watch('host', '--set', `board.path=${link}`);
  const boot = await isLive(watched);
  await board.kill('SIGKILL');
  await isAway(watched);
  board = program(hostBoard, '--link', link);
  expect(await isLive(watched)).not.toBe(boot);
  expectHonest(watched);
});
