// biome-ignore-all lint/suspicious/noExplicitAny: JSON of the wire has no types here.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OutletState } from '../outlet.js';
import { createHttp } from './http.js';
import { listen } from './listen.js';
import { Bench } from './testing/bench.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

const headers = { host: '127.0.0.1:8080' };
const get = async (url: string, more: object = {}) => bench.app.inject({ url, headers: { ...headers, ...more } });
const post = async (url: string, payload?: object, more: object = {}) =>
  bench.app.inject({ method: 'POST', url, headers: { ...headers, ...more }, ...(payload && { payload }) });
const outlet = (name: string, up: boolean): OutletState =>
  ({ name, up, detail: up ? '' : 'away', restarts: 0, info: { port: 1234 } }) as any;
const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 2 });

/** Answers the next command as the main thread would. */
async function answerNext(answer: any): Promise<any> {
  const message: any = await vi.waitFor(() => {
    const found = bench.posted.find(({ type }) => type === 'command');
    expect(found).toBeDefined();
    return found;
  });
  bench.posted.length = 0;
  bench.gateway.receive({ type: 'answer', request: message.request, answer });
  return message.command;
}

describe('health', () => {
  test('healthz says that the process lives', async () => {
    expect((await get('/healthz')).json()).toEqual({ ok: true });
  });

  test('not ready before the outlets are known, ready when all are up, not when one is away', async () => {
    expect((await get('/readyz')).statusCode).toBe(503);
    bench.gateway.receive({ type: 'outlets', outlets: [outlet('gateway', true), outlet('mqtt', true)] });
    const ready = await get('/readyz');
    expect(ready.statusCode).toBe(200);
    expect(ready.json()).toMatchObject({
      ready: true,
      degraded: false,
      loop: { up: true },
      boards: [{ id: 'pico', status: 'streaming' }],
    });
    bench.gateway.receive({ type: 'outlets', outlets: [outlet('gateway', true), outlet('mqtt', false)] });
    const away = await get('/readyz');
    expect(away.statusCode).toBe(503);
    expect(away.json().outlets).toContainEqual({ name: 'mqtt', up: false, detail: 'away' });
  });

  test('a missing board is degraded, not unready', async () => {
    bench.gateway.receive({ type: 'outlets', outlets: [outlet('gateway', true)] });
    bench.text({ type: 'board-gone', index: 0, id: 'pico', reason: 'unplugged' });
    await until(() => expect(bench.gateway.state.boards.get('pico')?.gone).toBe('unplugged'));
    const response = await get('/readyz');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({ ready: true, degraded: true, boards: [{ id: 'pico', status: 'gone' }] });
  });

  test('a main thread that fell silent is not ready', async () => {
    bench.gateway.receive({ type: 'outlets', outlets: [outlet('gateway', true)] });
    bench.gateway.state.lastFromMainUs -= 60e6;
    expect((await get('/readyz')).json()).toMatchObject({ ready: false, loop: { up: false } });
  });
});

test('a step of UTC does not make the bridge older', async () => {
  const { clock } = bench.gateway.context;
  const { uptimeSeconds } = (await get('/api/bridge')).json();
  const utcOffsetUs = clock.utcOffsetUs();
  vi.spyOn(clock, 'utcOffsetUs').mockReturnValue(utcOffsetUs + 365 * 86_400e6);
  const later = (await get('/api/bridge')).json().uptimeSeconds;
  vi.restoreAllMocks();
  expect([later >= uptimeSeconds, later < 86_400]).toEqual([true, true]);
});

describe('api', () => {
  test('the bridge tells version, run, and the ports that it got', async () => {
    bench.gateway.receive({ type: 'outlets', outlets: [outlet('broker', true)] });
    const bridge = (await get('/api/bridge')).json();
    expect(bridge).toMatchObject({
      name: 'tautline',
      epoch: bench.epoch,
      http: { port: bench.gateway.port },
      ports: { mqtt: 1234 },
    });
    expect(bridge.outlets[0]).toMatchObject({ name: 'broker', up: true, info: { port: 1234 } });
  });

  test('boards are listed, and one is told whole', async () => {
    bench.frames(3);
    await bench.settled();
    expect((await get('/api/boards')).json()).toEqual([
      { id: 'pico', path: '/dev/test0', name: 'bench', status: 'streaming' },
    ]);
    const board = (await get('/api/boards/pico')).json();
    expect(board.descriptor.streams[0].name).toBe('control');
    expect(board.contracts.control.deadlineUs).toBe(10_000);
    expect(board.health).toMatchObject({ link: 'streaming', arm: 'disarmed', live: true });
    expect(board.streams[0].state).toMatchObject({
      seq: 2,
      live: true,
      verdict: 'met',
      values: { speed: 2, current: 2.1 },
    });
  });

  test('a stale value is never told as live', async () => {
    bench.frames(1, { ageUs: 300_000, lifespanUs: 250_000 });
    await bench.settled();
    const [state] = (await get('/api/boards/pico/state')).json();
    expect(state).toMatchObject({ live: false, lifespanUs: 250_000 });
    expect(state.ageUs).toBeGreaterThanOrEqual(300_000);
  });

  test('a board is live no longer than its values, whatever the loop said before it hung', async () => {
    const live = async () => ({
      health: (await get('/api/boards/pico')).json().health.live,
      metric: /^tautline_board_live\{board="pico"\} (\d)$/m.exec((await get('/metrics')).body)?.[1],
    });
    bench.frames(1, { lifespanUs: 60_000_000 });
    await bench.settled();
    expect(await live()).toEqual({ health: true, metric: '1' });
    bench.frames(1, { ageUs: 300_000, lifespanUs: 250_000 });
    await bench.settled();
    expect(await live()).toEqual({ health: false, metric: '0' });
  });

  test('a value whose age is not known is not live', async () => {
    bench.frames(1, { releaseHostUs: Number.NaN, uncertaintyUs: Number.POSITIVE_INFINITY });
    await bench.settled();
    expect((await get('/api/boards/pico/state')).json()[0]).toMatchObject({
      live: false,
      time: null,
      ageUs: null,
      uncertaintyUs: null,
    });
  });

  test('an unknown board is 404 with what to do', async () => {
    const response = await get('/api/boards/nobody');
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({
      error: 'unknown-board',
      message: 'no board "nobody"; GET /api/boards lists them',
    });
  });

  test.each(['arm', 'disarm', 'rearm', 'safe'])(
    '%s goes to the main thread and its answer comes back',
    async (name) => {
      const response = post(`/api/boards/pico/${name}`);
      const command = await answerNext({ ok: true, detail: 'done' });
      expect(command).toMatchObject({ board: 'pico', name, arguments: [] });
      expect(command.by).toMatch(/^http 127/);
      expect((await response).json()).toEqual({ ok: true, detail: 'done' });
    },
  );

  test('a command of the board carries its arguments, and a refusal is 409 with its code', async () => {
    const response = post('/api/boards/pico/commands/set-speed', { arguments: [12.5] });
    expect(await answerNext({ ok: false, code: 'not-armed', detail: 'arm it first' })).toMatchObject({
      name: 'set-speed',
      arguments: [12.5],
    });
    expect((await response).statusCode).toBe(409);
    expect((await response).json()).toEqual({ error: 'not-armed', message: 'arm it first' });
  });

  test.each([{ arguments: ['x'] }, { arguments: [1, 2, 3, 4, 5] }, { other: 1 }])(
    'a wrong body is 400: %j',
    async (body) => {
      expect((await post('/api/boards/pico/commands/set-speed', body)).statusCode).toBe(400);
    },
  );

  test('links of its pages hold below the path of a proxy, too', async () => {
    for (const page of ['/', '/docs']) {
      const links = [...(await get(page)).body.matchAll(/href="([^"]*)"/g)].map(([, link]) => link!);
      expect(links.length).toBeGreaterThan(0);
      for (const link of links) {
        expect(new URL(link, `https://panel.example/bridge${page}`).pathname).toMatch(/^\/bridge\//);
        expect((await get(new URL(link, `http://127.0.0.1${page}`).pathname)).statusCode).toBe(200);
      }
    }
  });

  test('the document lists the routes', async () => {
    const document = (await get('/docs/json')).json();
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/bridge', '/api/boards/{id}/arm', '/readyz']),
    );
    expect((await get('/docs')).body).toContain('/api/boards/{id}/commands/{name}');
  });
});

describe('who may ask', () => {
  test('a page of another origin can neither read nor command', async () => {
    for (const response of [
      await get('/api/boards', { origin: 'https://evil.example' }),
      await post('/api/boards/pico/arm', undefined, { origin: 'https://evil.example' }),
      await get('/api/boards', { host: 'evil.example' }),
    ])
      expect(response.statusCode).toBe(403);
    expect(bench.posted).toEqual([]);
  });

  test('with a token, data needs it; the page and the probes do not', async () => {
    await bench.close();
    bench = await Bench.open({ http: { token: 's3cret' } });
    for (const url of ['/api/boards', '/metrics', '/docs/json']) expect((await get(url)).statusCode).toBe(401);
    expect((await post('/api/boards/pico/arm')).statusCode).toBe(401);
    for (const url of ['/', '/healthz']) expect((await get(url)).statusCode).toBe(200);
    expect((await get('/api/boards', { authorization: 'Bearer s3cret' })).statusCode).toBe(200);
    expect((await get('/api/boards?token=s3cret')).statusCode).toBe(200);
  });
});

test('a configured origin may read and command from its pages, another may not', async () => {
  const origin = 'https://panel.example';
  const auth = { host: '127.0.0.1', token: '', origins: [origin] };
  const app = await createHttp(bench.gateway, { auth, webDir: '/nonexistent' });
  const ask = { 'access-control-request-method': 'POST' };
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/api/boards/pico/arm',
    headers: { ...headers, ...ask, origin },
  });
  expect(preflight.statusCode).toBe(204);
  expect(preflight.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'Origin' });
  const read = await app.inject({ url: '/api/boards', headers: { ...headers, origin } });
  expect(read.headers['access-control-allow-origin']).toBe(origin);
  const evil = await app.inject({
    method: 'OPTIONS',
    url: '/api/boards',
    headers: { ...headers, ...ask, origin: 'https://evil.example' },
  });
  expect(evil.statusCode).toBe(403);
  expect(evil.headers['access-control-allow-origin']).toBeUndefined();
  await app.close();
});

test('the built dashboard is served at the root, its hashed parts for ever', async () => {
  const webDir = mkdtempSync(join(tmpdir(), 'tautline-web-'));
  mkdirSync(join(webDir, 'assets'));
  writeFileSync(join(webDir, 'index.html'), '<title>dashboard</title>');
  writeFileSync(join(webDir, 'assets', 'app-1234.js'), 'export {}');
  const app = await createHttp(bench.gateway, { auth: { host: '127.0.0.1', token: '', origins: [] }, webDir });
  const page = await app.inject({ url: '/', headers });
  expect(page.body).toContain('dashboard');
  expect(page.headers).toMatchObject({ 'cache-control': 'no-cache', 'x-frame-options': 'DENY' });
  const script = await app.inject({ url: '/assets/app-1234.js', headers });
  expect(script.headers['cache-control']).toContain('immutable');
  for (const url of ['/../package.json', '/%2e%2e/package.json', '/assets/..%2f..%2fpackage.json'])
    expect((await app.inject({ url, headers })).statusCode).toBeGreaterThanOrEqual(400);
  await app.close();
  rmSync(webDir, { recursive: true });
});

test('a busy port is told with what to do', async () => {
  const app = await createHttp(bench.gateway, {
    auth: { host: '127.0.0.1', token: '', origins: [] },
    webDir: '/nonexistent',
  });
  const { port } = bench.gateway;
  const result = await listen(app, { host: '127.0.0.1', port });
  expect(result).toEqual({
    ok: false,
    text: `port ${port} on 127.0.0.1 is in use, perhaps by another Tautline; stop that one, or take another port: --set http.port=${port + 1}`,
  });
  await app.close();
});

test('a header that never ends is cut', async () => {
  const socket = connect(bench.gateway.port, '127.0.0.1');
  socket.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', () => resolve(text));
  });
  expect(answer).toMatch(/^HTTP\/1.1 408/);
});

test('a header over the limit is refused', async () => {
  const response = await fetch(`http://${bench.address}/healthz`, { headers: { 'x-long': 'x'.repeat(20_000) } });
  expect(response.status).toBe(431);
});
