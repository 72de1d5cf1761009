import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createStatsRecord } from '../feed/events.js';
import { MqttMetrics } from '../mqtt/metrics.js';
import type { OutletState } from '../outlet.js';
import { Bench } from './testing/bench.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

const get = () => bench.app.inject({ url: '/metrics', headers: { host: '127.0.0.1:8080' } });
const mqtt: OutletState = { name: 'mqtt', up: true, detail: '', restarts: 0, info: {} };
const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 2 });

test('have the documented names, each family once, and are numbers', async () => {
  const stats = Object.assign(createStatsRecord(), { board: 0, stream: 1 });
  stats.verdicts[0] = 12;
  stats.culprits[2] = 3;
  bench.feed.stats(stats);
  bench.frames(4);
  bench.gateway.receive({ type: 'outlets', outlets: [mqtt] });
  bench.gateway.receive({
    type: 'metrics',
    from: 'mqtt',
    values: { tautline_outbox_depth: 7, 'tautline_stage_seconds_count{stage="outlet"}': 5 },
  });
  await bench.settled();
  const response = await get();
  expect(response.headers['content-type']).toContain('version=0.0.4');
  const text = response.body;
  expect(text).toContain('tautline_frames_total{board="pico",stream="control",verdict="met"} 12\n');
  expect(text).toContain('tautline_deadline_misses_total{board="pico",stream="control",culprit="link"} 3\n');
  expect(text).not.toMatch(/deadline_misses_total.*culprit="(none|outlet|consumer)"/);
  expect(text).toContain('tautline_delivery_misses_total{outlet="gateway",culprit="consumer"} 0\n');
  expect(text).toContain('tautline_stage_seconds_bucket{stage="firmware",le="0.0001"} 4\n');
  expect(text).toContain('tautline_stage_seconds_count{stage="outlet"} 5\n');
  expect(text).toContain('tautline_outbox_depth 7\n');
  expect(text).toContain('tautline_worker_restarts_total{worker="mqtt"} 0\n');
  expect(text).toMatch(/# TYPE tautline_stage_seconds histogram\n/);
  const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
  expect(new Set(types).size).toBe(types.length);
  for (const line of text.trim().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) .+|[a-z_]+(\{[^}]*\})? (NaN|[+-]?Inf|[-\d.e+]+))$/);
});

test('stages are those of all outlets together: also until the broker has acknowledged', async () => {
  const { outlet, consumer } = bench.gateway.context.delivery.stages;
  outlet.add(300);
  consumer.add(1500);
  const broker = new MqttMetrics();
  broker.stages.outlet.add(150);
  for (let i = 0; i < 3; i++) broker.stages.consumer.add(1500);
  bench.gateway.receive({ type: 'metrics', from: 'mqtt', values: broker.values(0, true) });
  const text = (await get()).body;
  expect(text).toContain('tautline_stage_seconds_count{stage="outlet"} 2\n');
  expect(text).toContain('tautline_stage_seconds_count{stage="consumer"} 4\n');
  expect(text).toContain('tautline_stage_seconds_sum{stage="consumer"} 0.006\n');
  expect(text).toContain('tautline_stage_seconds_bucket{stage="consumer",le="0.001"} 0\n');
  expect(text).toContain('tautline_stage_seconds_bucket{stage="consumer",le="0.002"} 4\n');
  expect(text).toContain('tautline_stage_seconds_bucket{stage="consumer",le="+Inf"} 4\n');
});

test('count the alarms that are too many to be shown', async () => {
  for (let i = 0; i < 1030; i++)
    bench.text({ type: 'alarm', board: 'pico', id: `a${i}`, active: true, text: '', sinceUtcUs: 5 });
  await until(() => expect(bench.gateway.state.alarmsRefused).toBe(6));
  expect((await get()).body).toContain('tautline_alarms_refused_total 6\n');
});

test('count all bugs, of which the log has the first hundred, and later ones again when the flood is over', async () => {
  const logged = () => bench.posted.filter(({ type }) => type === 'log').length;
  for (let i = 0; i < 150; i++) bench.gateway.bug(new Error('planted'));
  expect(logged()).toBe(100);
  expect((await get()).body).toContain('tautline_gateway_errors_total 150\n');
  await until(() => {
    bench.gateway.bug(new Error('planted later'));
    expect(logged()).toBeGreaterThan(100);
  });
});
