import { defineConfig } from 'vitest/config';

/** For the child runs of the kit's own tests only. */
export default defineConfig({
  test: { include: ['src/hil/testing/failing.rig.ts'], pool: 'forks', fileParallelism: false, testTimeout: 60_000 },
});
