import type { Result } from './benchmark.js';
import { clearAway } from './processes.js';

/** Runs a row. One that cannot be measured fails with its error, and does not take the others with it; nothing of it stays. */
export async function resultOf(name: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${error instanceof Error ? error.stack : reason}\n`);
    return { name, values: {}, verdict: 'fail', reasons: [`not measured: ${reason}`], tables: [], series: [] };
  } finally {
    await clearAway();
  }
}
