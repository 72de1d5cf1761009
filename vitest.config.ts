import { defineConfig } from 'vitest/config';

const integration = '**/*.integration.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'benchmarks/**/*.test.ts'],
          exclude: [integration],
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
        },
      },
    ],
  },
});
