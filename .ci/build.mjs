/** Builds dist, as `npm pack` needs it. */
import { build, ensurePackages, orExplain } from './setup.mjs';

orExplain(() => {
  ensurePackages();
  build();
});
