// A process with a console outlet: what comes on stdin is logged, line by line. `flood` and `stop` are orders.
import { Feed } from '../../../dist/feed/feed.js';
import { Supervisor } from '../../../dist/supervisor.js';

const feed = Feed.create({ slotsPerSecond: 1000, seconds: 1 });
const handlers = { command: async () => ({ ok: false, code: 'none', detail: '' }), fatal: () => {} };
const supervisor = new Supervisor({ feed, config: {}, epoch: '0', startedUtcUs: 0, outlets: ['console'], handlers });
const log = (text) => supervisor.publish({ type: 'log', board: null, level: 'info', text, utcUs: 0 });
let flood;

process.stdin.on('data', async (chunk) => {
  for (const word of String(chunk).trim().split('\n')) {
    if (word === 'flood') flood = setInterval(() => Array.from({ length: 20 }, () => log('y'.repeat(1000))), 1);
    else log(word);
    if (word !== 'stop') continue;
    clearInterval(flood);
    await supervisor.stop();
    process.exit(0);
  }
});
setInterval(() => process.stdout.write(`${supervisor.states[0].restarts} ${feed.events.offset}\n`), 50);
supervisor.start();
