// biome-ignore-all lint/suspicious/noExplicitAny: JSON of the wire has no types here.
/** More than one machine: a bridge, Mosquitto, and gateways that follow it, each a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { freePort, Mosquitto, Subscriber, waitFor } from '../mqtt/broker.rig.js';
import { Client, type FramesPosition, type Gap, type WebSocketConstructor } from '../sdk/index.js';
import { BridgeProcess } from './bridge.rig.js';
import { metric } from './frames.rig.js';

const closers: (() => unknown)[] = [];
let broker: Mosquitto;

beforeEach(async () => {
  broker = await Mosquitto.start();
  closers.push(() => broker.stop());
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function start(command: 'start' | 'gateway', port = 0, more: readonly string[] = []): BridgeProcess {
  const settings = [`mqtt.url=${broker.url}`, `http.port=${port}`, ...more];
  const program = BridgeProcess.start({ command, ports: [], args: settings.flatMap((pair) => ['--set', pair]) });
  closers.push(() => program.dispose());
  return program;
}
const startBridge = (port = 0) => start('start', port, ['mqtt.replicate=true']);

interface Seen {
  readonly seq: number;
  readonly releaseUs: number;
  readonly utcUs: number;
  readonly verdict: number;
  readonly value: number;
}

/** Every frame that a client of this gateway gets, by its offset where the batch ends. */
function follow(url: string | readonly string[], since?: FramesPosition) {
  const client = new Client(url, { WebSocket: WebSocket as unknown as WebSocketConstructor, retryMs: 20 });
  closers.push(() => client.close());
  const frames = client.frames('pico', since === undefined ? {} : { since });
  const seen: Seen[] = [];
  const gaps: Gap[] = [];
  frames.on('gap', (gap) => gaps.push(gap));
  frames.on('frames', ({ streams }) => {
    for (const { columns } of streams)
      for (let row = 0; row < columns.rows; row++)
        seen.push({
          seq: columns.seq[row]!,
          releaseUs: columns.releaseUs[row]!,
          utcUs: columns.utcUs[row]!,
          verdict: columns.status[row]! & 0xff,
          value: columns.at(0, row),
        });
  });
  return { client, frames, seen, gaps, board: client.board('pico') };
}

const ready = async (url: string): Promise<any> => {
  const response = await fetch(`${url}/readyz`).catch(() => undefined);
  return response && { status: response.status, ...((await response.json()) as object) };
};
const until = async (what: string, check: () => Promise<boolean>): Promise<void> => {
  const endMs = Date.now() + 30_000;
  while (!(await check())) {
    if (Date.now() > endMs) throw new Error(`waited 30 s for ${what}`);
    await sleep(20);
  }
};
/** Where it listens: the port stays, also when it begins to follow another run. */
async function followed(gateway: BridgeProcess): Promise<string> {
  await gateway.says(/follows bridge [0-9a-f]{8}/);
  const url = await gateway.url();
  await until('a gateway that is ready', async () => (await ready(url))?.status === 200);
  return url;
}

test('a gateway elsewhere gives the frames of the bridge under the same offsets; a client changes over without a hole', async () => {
  const bridge = startBridge();
  await bridge.streams();
  const [first, second] = [start('gateway'), start('gateway')];
  const [bridgeUrl, firstUrl, secondUrl] = [await bridge.url(), await followed(first), await followed(second)];

  const [atBridge, atFirst] = [follow(bridgeUrl), follow(firstUrl)];
  await waitFor('frames of both', () => atBridge.seen.length > 500 && atFirst.seen.length > 500);
  const bySeq = new Map(atBridge.seen.map((frame) => [frame.seq, frame]));
  const common = atFirst.seen.filter(({ seq }) => bySeq.has(seq));
  expect(common.length).toBeGreaterThan(200);
  for (const { utcUs, ...frame } of common) {
    const { utcUs: bridgeUtcUs, ...same } = bySeq.get(frame.seq)!;
    expect(frame).toEqual(same);
    // The bridge's own UTC, but for the quickest way over the broker.
    expect(utcUs - bridgeUtcUs).toBeLessThan(1e6);
    expect(utcUs - bridgeUtcUs).toBeGreaterThanOrEqual(-1000);
  }

  // From one gateway to the other, and to the bridge itself.
  let { position } = atFirst.frames;
  let next = atFirst.seen.at(-1)!.seq + 1;
  expect(atFirst.gaps).toEqual([]);
  atFirst.client.close();
  for (const url of [secondUrl, bridgeUrl, firstUrl]) {
    const there = follow(url, position);
    await waitFor('frames after the change', () => there.seen.length > 300);
    expect(there.gaps).toEqual([]);
    expect(there.seen.map(({ seq }) => seq)).toEqual(Array.from(there.seen, (_, i) => next + i));
    ({ position } = there.frames);
    next = there.seen.at(-1)!.seq + 1;
    there.client.close();
  }
  await until('figures', async () => (await metric(firstUrl, 'tautline_replica_shipments_total')) > 100);
  expect(await metric(firstUrl, 'tautline_replica_lost_slots_total')).toBe(0);

  // A client that knows both goes over by itself when the one that it is at dies.
  const both = follow([firstUrl, secondUrl]);
  await waitFor('frames', () => both.seen.length > 300);
  await first.kill();
  const { length } = both.seen;
  await waitFor('frames of the other', () => both.seen.length > length + 500);
  expect(both.gaps).toEqual([]);
  expect(both.seen.map(({ seq }) => seq)).toEqual(Array.from(both.seen, (_, i) => both.seen[0]!.seq + i));
});

test('it shows what the bridge shows: board, contract, health, live values; commands are refused with the reason', async () => {
  const bridge = startBridge();
  await bridge.streams();
  const url = await followed(start('gateway'));
  const { board } = follow(url);
  await waitFor('a live state, and health', () => board.states.get('control')?.live && board.health !== undefined);
  const [there, here]: any[] = await Promise.all(
    [await bridge.url(), url].map(async (each) => (await fetch(`${each}/api/boards/pico`)).json()),
  );
  expect(here).toMatchObject({
    boot: there.boot,
    status: 'streaming',
    descriptor: there.descriptor,
    contracts: there.contracts,
  });
  expect(here.health).toMatchObject({ link: 'streaming', arm: there.health.arm, live: true });
  expect(await (await fetch(`${url}/api/bridge`)).json()).toMatchObject({
    readOnly: true,
    epoch: ((await (await fetch(`${await bridge.url()}/api/bridge`)).json()) as any).epoch,
  });
  await expect(board.request('arm')).rejects.toMatchObject({ code: 'read-only' });
  // What comes as a topic and in a shipment is told once.
  const alarms: string[] = [];
  board.on('alarm', ({ id, active }) => alarms.push(`${id} ${active}`));
  expect((await fetch(`${await bridge.url()}/api/boards/pico/safe`, { method: 'POST' })).status).toBe(200);
  await waitFor('the trip', () => board.health?.arm === 'tripped' && alarms.includes('tripped true'));
  expect(alarms.filter((each) => each === 'tripped true')).toHaveLength(1);
  const answer = await fetch(`${url}/api/boards/pico/arm`, { method: 'POST' });
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ error: 'read-only' });
});

test('a bridge that is killed: stale in time, not ready, an alarm; the next run is followed by itself', async () => {
  const port = await freePort();
  const bridge = startBridge();
  await bridge.streams();
  const url = await followed(start('gateway', port));
  const { client, board, frames } = follow(url);
  const lobby = client.lobby();
  await waitFor('a live state', () => board.states.get('control')?.live);
  await bridge.kill();
  await waitFor('a stale state', () => board.states.get('control')?.live === false);
  await until('not ready', async () => {
    const told = await ready(url);
    return told?.status === 503 && /offline/.test(told.outlets.find(({ name }: any) => name === 'bridge')?.detail);
  });
  await waitFor('the alarm', () => lobby.alarms.has('/bridge-away'));

  const { epoch } = frames.position!;
  await startBridge().streams();
  await waitFor('live again', () => board.states.get('control')?.live && frames.position!.epoch !== epoch);
  await until('ready', async () => (await ready(url))?.status === 200);
  await waitFor('the end of the alarm', () => !lobby.alarms.has('/bridge-away'));
});

test('a broker that goes away for a moment: frames that did not come are a gap, and it goes on', async () => {
  const bridge = startBridge();
  await bridge.streams();
  const url = await followed(start('gateway'));
  const there = follow(url);
  await waitFor('frames', () => there.seen.length > 200);
  await broker.down();
  await until('not ready', async () => (await ready(url))?.status === 503);
  await sleep(500);
  await broker.up();
  await until('ready', async () => (await ready(url))?.status === 200);
  const { length } = there.seen;
  await waitFor('frames again', () => there.seen.length > length + 200);
  const holes = there.seen.slice(1).filter(({ seq }, i) => seq !== there.seen[i]!.seq + 1);
  expect(holes.length).toBeLessThanOrEqual(there.gaps.length);
  for (const { cause } of there.gaps) expect(cause).toBe('outlet');
});

test('whatever anybody publishes where it listens, it goes on', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const others = await Subscriber.start(broker.url, 'nothing');
  closers.push(() => others.stop());
  const publish = async (topic: string, payload: string | Buffer, retain = true) => {
    await others.client.publishAsync(topic, payload, { retain });
  };
  await publish('tautline/pico/alarm/x', `{"since":${deep}}`);
  await publish('tautline/pico/alarm/y', '{"since":{"toString":1,"valueOf":1}}');
  await publish('tautline/pico/session', `{"type":"board","descriptor":${deep}}`);
  await publish('tautline/other/session', '{"epoch":{"toString":1}}');
  const bridge = startBridge();
  await bridge.streams();
  const gateway = start('gateway');
  const url = await followed(gateway);
  const there = follow(url);
  await waitFor('frames', () => there.seen.length > 100);
  await publish('tautline/bridge/feed', Buffer.alloc(1000, 1), false);
  await publish('tautline/bridge/feed', Buffer.alloc(0), false);
  const { length } = there.seen;
  await waitFor('more frames', () => there.seen.length > length + 500);
  expect(gateway.hasEnded).toBe(false);
  expect(there.gaps).toEqual([]);
  await until('both counted', async () => (await metric(url, 'tautline_replica_unreadable_total')) === 2);
  expect(await metric(url, 'tautline_worker_restarts_total')).toBe(0);
});

test('without a broker, or one that is none, it says what is missing and ends with 2', async () => {
  for (const [url, text] of [
    ['', /a gateway follows a bridge over a broker: set mqtt\.url/],
    ['http://x', /mqtt\.url begins with http/],
  ] as const) {
    const program = BridgeProcess.start({ command: 'gateway', ports: [], args: ['--set', `mqtt.url=${url}`] });
    closers.push(() => program.dispose());
    expect((await program.exit).code).toBe(2);
    expect(program.stderr).toMatch(text);
  }
});

test('a broker where no bridge replicates: not ready, with what the bridge needs', async () => {
  await start('start').streams();
  const gateway = start('gateway');
  const url = await gateway.url();
  await until('the reason', async () => {
    const told = await ready(url);
    return told?.status === 503 && /mqtt\.replicate = true/.test(JSON.stringify(told.outlets));
  });
});
