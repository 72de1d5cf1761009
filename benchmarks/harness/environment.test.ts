import { expect, it } from 'vitest';
import { configurationHash, environment } from './environment.js';

it('says which peers were measured, and how the broker is set up', () => {
  const { nodeRed, mosquitto, mosquittoConfiguration } = environment(['ws1'], 'smoke', 1);
  expect(nodeRed).toMatch(/^\d+\.\d+\.\d+$/);
  expect(mosquitto).toMatch(/^(\d+\.\d+|not installed)/);
  expect(mosquittoConfiguration).toContain('set_tcp_nodelay true');
});

it('says its size, its schema, and what is granted to whom', () => {
  const surroundings = environment(['ws1'], 'smoke', 7);
  expect(surroundings).toMatchObject({ schema: 2, size: 'smoke', rows: ['ws1'], seed: 7, uid: process.geteuid?.() });
  expect([0, 20]).toContain(surroundings.loopPriority);
  expect([0, 40]).toContain(surroundings.boardPriority);
});

it.each([
  'benchmarks/harness/latency-row.ts',
  'benchmarks/native/common.h',
  'benchmarks/probe.ts',
  'benchmarks/harness/sources.ts',
  'benchmarks/harness/bridges.ts',
  'firmware/core/release.c',
])('has another hash when %s is another', (changed) => {
  const seen: string[] = [];
  const plain = configurationHash('normal', (path) => {
    seen.push(path);
    return path;
  });
  expect(seen).toContain(changed);
  expect(configurationHash('normal', (path) => (path === changed ? 'other' : path))).not.toBe(plain);
  expect(configurationHash('full', (path) => path)).not.toBe(plain);
});

it('has the same hash for other rows and another seed', () => {
  const { configurationHash: one } = environment(['ws1'], 'normal', 1);
  expect(environment(['mqtt', 'ws1'], 'normal', 2).configurationHash).toBe(one);
});
