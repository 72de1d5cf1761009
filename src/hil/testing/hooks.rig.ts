/** A file with hooks that fail, and a process that dies in a test: `report-run.integration.test.ts` reads what the report says. */
import { afterAll, beforeAll, describe, expect, test } from 'tautline/hil';

test('runs', async ({ bridge }) => {
  await bridge.streaming();
});

describe('what has to be there first', () => {
  beforeAll(() => {
    throw new Error('the bench is not there');
  });

  test('is not there', async ({ trace }) => {
    expect(trace.frames.length).toBe(0);
  });
});

describe('what has to be cleared away', () => {
  afterAll(() => {
    throw new Error('the bench is still there');
  });

  test('runs, too', async ({ bridge }) => {
    await bridge.streaming();
  });
});

describe('a process that dies', () => {
  test('in this test', async ({ bridge }) => {
    await bridge.streaming();
    if (process.env.HIL_DIES) process.kill(process.pid, 'SIGKILL');
  });

  test('never begins the next one', async ({ bridge }) => {
    await bridge.streaming();
  });
});
