/**
 * Looks for ports, away from the loop: listing them spawns a process (udevadm) and takes its time. Lists at the start,
 * when /dev changes, and when asked; reports only what is new.
 */
import { watch } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { listPorts } from './port-list.js';
import type { PortDescription } from './port-selector.js';
import type { FromScout, ToScout } from './scout.js';

/** A hub with many ports makes many events: list once they have settled. udev also needs a moment to make its links. */
const SETTLE_MS = 250;
const LIST_TIMEOUT_MS = 10_000;
/** Where /dev cannot be watched. */
const POLL_MS = 5000;
const PORTS_MAX = 256;

if (parentPort === null) throw new Error('scout-worker.js runs as a worker: start it through Scout');
const parent = parentPort;
const report = (message: FromScout) => parent.postMessage(message);

let last = '';
let listing = false;
let again = false;
let settling: NodeJS.Timeout | undefined;

async function list(): Promise<PortDescription[]> {
  const timeout = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`listing the ports took more than ${LIST_TIMEOUT_MS / 1e3} s`));
    setTimeout(late, LIST_TIMEOUT_MS).unref();
  });
  return (await Promise.race([listPorts(), timeout])).slice(0, PORTS_MAX);
}

async function refresh(): Promise<void> {
  again = listing;
  if (listing) return;
  listing = true;
  try {
    const ports = await list();
    const text = JSON.stringify(ports);
    if (text !== last) report({ type: 'ports', ports });
    last = text;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    report({ type: 'failed', reason: `${reason}. Ports given by their path work all the same.` });
  }
  listing = false;
  if (again) void refresh();
}

function soon(): void {
  clearTimeout(settling);
  settling = setTimeout(() => void refresh(), SETTLE_MS);
}

function watchDevices(): void {
  try {
    watch('/dev', (event, name) => {
      // `change` is every write to a port; a port that comes or goes is a `rename`.
      if (event === 'rename' && (name === null || /^(tty|cu|serial)/.test(name))) soon();
    }).on('error', () => setInterval(soon, POLL_MS));
  } catch {
    setInterval(soon, POLL_MS);
  }
}

parent.on('message', (message: ToScout) => {
  if (message === 'refresh') soon();
});
watchDevices();
void refresh();
