import { defineConfig } from 'vitest/config';

/** For the child runs of the kit's own tests only, each of one of these files. */
export default defineConfig({
  test: {
    include: ['src/hil/testing/failing.rig.ts', 'src/hil/testing/mapped.rig.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
  },
});
