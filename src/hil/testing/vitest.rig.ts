import { defineConfig } from 'vitest/config';

/** For the child runs of the kit's own tests only, each of one of these files. */
export default defineConfig({
  test: {
    include: ['failing', 'hooks', 'left-cut', 'mapped', 'plain', 'stalled'].map(
      (name) => `src/hil/testing/${name}.rig.ts`,
    ),
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
  },
});
