/** `npm run simulate`: set up, then run the simulator in this process. */
import { ensureBuild, ensurePackages, orExplain } from './setup.mjs';

orExplain(() => {
  ensurePackages();
  ensureBuild();
});
await import('../dist/simulator/main.js');
