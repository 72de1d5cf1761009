/** The heap after a collection, for the invariant that nothing grows with the time. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of objects that are really in use. The memory of rings is not counted: V8 frees it when it likes. About 10 ms. */
export function usedBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
