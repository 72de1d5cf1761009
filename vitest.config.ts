import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const integration = '**/*.integration.test.ts';
const browser = '**/*.browser.test.ts';

/** Of the HIL tests: page, JSON and JUnit under hil-tests/artifacts/. There after a build. */
const hilReporter = './dist/hil/report/reporter.js';

/** In virtual time no file notices another one; in real time they would take the processors, or the board, from each other. */
const { HIL_TARGET = 'pico', HIL_REPLAY } = process.env;
const isVirtual = HIL_REPLAY === undefined && ['pico', 'uno'].includes(HIL_TARGET);
const hil = {
  include: ['hil-tests/**/*.test.ts'],
  // In real time a busy machine is waited for; what it makes impossible to judge ends as inconclusive.
  testTimeout: 180_000,
  hookTimeout: 60_000,
  fileParallelism: isVirtual,
  maxWorkers: isVirtual ? availableParallelism() : 1,
  // serialport cannot run in a worker thread.
  pool: 'forks' as const,
};
/** The second board, unless the run is about one that was named. */
const isSecondBoard = !process.env.HIL_TARGET && HIL_REPLAY === undefined;

export default defineConfig({
  test: {
    reporters: ['default', ...(existsSync(hilReporter) ? [hilReporter] : [])],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'benchmarks/**/*.test.ts'],
          exclude: [integration, browser],
          // Property tests take seconds on a busy machine; none of them measures time.
          testTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: [`src/${integration}`],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Two cores: files one after the other, so that a pty's or broker's timing is not that of its neighbour.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'browser',
          include: [`src/${browser}`],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // Alone: Chromium without a graphics card takes a core for itself.
          sequence: { groupOrder: 3 },
        },
      },
      { test: { ...hil, name: 'hil', sequence: { groupOrder: 2 } } },
      ...(isSecondBoard
        ? [{ test: { ...hil, name: 'hil-uno', env: { HIL_TARGET: 'uno' }, sequence: { groupOrder: 4 } } }]
        : []),
    ],
  },
});
