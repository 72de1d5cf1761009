/** `npm start`: install and build if needed, then run the bridge in this process, so that signals and exit codes are its own. */
import { ensureBuild, ensurePackages, orExplain } from './setup.mjs';

orExplain(() => {
  ensurePackages();
  ensureBuild();
});
process.argv.splice(2, 0, 'start');
await import('../dist/cli.js');
