import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Bench, contract, descriptor } from './testing/bench.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 2 });

test('an acknowledgement is measured as the consumer stage', async () => {
  const client = await bench.connect();
  await client.join('frames:pico', {}, '7');
  bench.frames(1);
  const [event] = await Promise.all([client.next((message) => message[3] === 'frames')]);
  client.send('7', null, 'frames:pico', 'ack', { offset: event[4].offset, paintedUs: 16_000 });
  const { consumer } = bench.gateway.context.delivery.stages;
  await until(() => consumer.counts.reduce((sum, count) => sum + count) === 1);
});

test('a client that paints too late is to blame for it by name; one that only answers late is not', async () => {
  const { misses } = bench.gateway.context.delivery;
  const client = await bench.connect();
  await client.join('frames:pico', {}, '7');
  let offset = -1;
  const frames = async () => {
    bench.frames(1);
    const event = await client.next((message) => message[3] === 'frames' && message[4].offset > offset);
    // The contract allows 100 ms.
    await new Promise((resolve) => setTimeout(resolve, 150));
    offset = event[4].offset;
    return offset;
  };
  client.send('7', null, 'frames:pico', 'ack', { offset: await frames(), paintedUs: 140_000 });
  await until(() => misses.totals.consumer === 1);
  client.send('7', null, 'frames:pico', 'ack', { offset: await frames(), paintedUs: 1000 });
  await until(() => misses.totals.indeterminate === 1);
  bench.gateway.context.delivery.report((message) => bench.posted.push(message));
  const told = bench.posted.filter((message) => message.type === 'delivery-miss');
  expect(told.map(({ culprit, client: who }) => [culprit, who?.endsWith('127.0.0.1')])).toEqual([
    ['consumer', true],
    ['indeterminate', true],
  ]);
  for (const { consumerUs } of told) expect(consumerUs).toBeGreaterThan(100_000);
});

test('at a thousand frames a second, too, a client that paints too late is to blame', async () => {
  const { misses } = bench.gateway.context.delivery;
  const client = await bench.connect();
  await client.join('frames:pico', {}, '7');
  bench.frames(1);
  const event = await client.next((message) => message[3] === 'frames');
  // Each its own batch: more than are remembered one by one.
  while (client.events('frames').length < 300) {
    bench.frames(1);
    await bench.settled();
  }
  await new Promise((resolve) => setTimeout(resolve, 150));
  client.send('7', null, 'frames:pico', 'ack', { offset: event[4].offset, paintedUs: 145_000 });
  await until(() => misses.totals.consumer === 1);
});

test('who paints one stream too late is not to blame for the others', async () => {
  const streams = [...descriptor.streams, { ...descriptor.streams[0]!, id: 2, name: 'slow' }];
  bench.addBoard('pico', 0, {
    descriptor: { ...descriptor, streams },
    contracts: { control: contract, slow: contract },
  });
  const { delivery } = bench.gateway.context;
  const client = await bench.connect();
  await client.join('frames:pico', {}, '7');
  await until(() => bench.gateway.state.board(0)?.streams.length === 2);
  bench.frames(1, { stream: 2 });
  const event = await client.next((message) => message[3] === 'frames');
  await new Promise((resolve) => setTimeout(resolve, 150));
  client.send('7', null, 'frames:pico', 'ack', { offset: event[4].offset, paintedUs: 145_000 });
  await until(() => delivery.misses.totals.consumer > 0);
  delivery.report((message) => bench.posted.push(message));
  const told = bench.posted.filter((message) => message.type === 'delivery-miss');
  expect(told.map(({ stream }) => stream)).toEqual(['slow']);
});

test('a client that sends no ack is not judged', async () => {
  const client = await bench.connect();
  await client.join('frames:pico', {}, '7');
  bench.frames(1);
  await client.next((message) => message[3] === 'frames');
  await bench.settled();
  expect(bench.gateway.context.delivery.misses.totals).toMatchObject({ consumer: 0, indeterminate: 0 });
});
