/**
 * `npm run bench -- link --port PATH [--baud RATE]`: what a cable, an adapter and this host can promise. With a board of
 * this project: round trips by ping, and frames by their own stamps. With a plug that joins TX to RX: round trips of bytes.
 */
import { randomBytes } from 'node:crypto';
import { toPortError } from '#dist/board/errors.js';
import { findOwners } from '#dist/board/port-lock.js';
import { openSerial, type SerialIo } from '#dist/board/serial-io.js';
import { startBridge } from '#dist/bridge.js';
import { loadConfig } from '#dist/config-load.js';
import { monotonicUs } from '#dist/host-clock.js';
import { figure } from './harness/benchmark.js';
import { NO_SETTINGS, sleep } from './harness/processes.js';
import { grid } from './harness/report.js';
import { quantile } from './harness/statistics.js';

const PROBE_BYTES = [8, 32, 128] as const;
const PROBES = 200;
/** So many are sent before a board is looked for. */
const PROBES_TO_FIND = 3;
const PROBE_PERIOD_MS = 10;
const PROBE_LOST_MS = 500;
/** On the line: a start bit, eight of data, a stop bit. */
const BITS_A_BYTE = 10;
const BOARD_SECONDS = 20;
const BOARD_WAIT_MS = 15_000;
const PING_MS = 50;

/** When a probe counts as lost: its bytes go out and come back. */
export const lostAfterMs = (bytes: number, baud: number): number =>
  PROBE_LOST_MS + ((2 * bytes * BITS_A_BYTE) / baud) * 1e3;

/** @returns the exit code: 0, or 6 when nothing answered, or the board went away meanwhile @throws PortError when the port cannot be used */
export async function link(path: string, baud: number): Promise<number> {
  process.stdout.write(`${path} at ${baud} baud\n`);
  const loop = await loopback(path, baud).catch(async (error) => {
    throw await toPortError(path, error, await findOwners(path));
  });
  if (loop !== undefined) {
    tell('Loopback: from write to the last byte read', ['bytes', 'sent', 'lost', ...QUANTILES], loop);
    return 0;
  }
  process.stdout.write('nothing came back: no loopback plug, so a board is looked for\n');
  return board(path, baud);
}

const QUANTILES = ['p50 µs', 'p90 µs', 'p99 µs', 'max µs'] as const;
const ladder = (samples: readonly number[]): string[] => {
  const sorted = Float64Array.from(samples).sort();
  return [0.5, 0.9, 0.99, 1].map((fraction) => figure(quantile(sorted, fraction)));
};
const tell = (title: string, columns: readonly string[], rows: readonly (readonly (string | number)[])[]): void => {
  process.stdout.write(`\n${title}\n\n${grid([columns, ...rows]).join('\n')}\n`);
};

async function loopback(path: string, baud: number): Promise<(string | number)[][] | undefined> {
  const io = await openSerial({ path, baud });
  const echo = new Echo(io, baud);
  try {
    return await probeAll((bytes) => echo.probe(bytes));
  } finally {
    await io.close(1000);
  }
}

/**
 * @param probe µs of a round trip, undefined when it did not come back
 * @returns rows by size; undefined when nothing came back of the first probes of all: then there is no plug. What is lost later
 *   is what the line cannot do
 */
export async function probeAll(
  probe: (bytes: number) => Promise<number | undefined>,
  periodMs = PROBE_PERIOD_MS,
): Promise<(string | number)[][] | undefined> {
  const rows: (string | number)[][] = [];
  for (const bytes of PROBE_BYTES) {
    const roundTripsUs: number[] = [];
    for (let i = 0; i < PROBES; i++) {
      const us = await probe(bytes);
      if (us !== undefined) roundTripsUs.push(us);
      else if (rows.length === 0 && roundTripsUs.length === 0 && i === PROBES_TO_FIND - 1) return undefined;
      await sleep(periodMs);
    }
    rows.push([bytes, PROBES, PROBES - roundTripsUs.length, ...ladder(roundTripsUs)]);
  }
  return rows;
}

/** Sends bytes that occur nowhere else, and waits for exactly those. */
class Echo {
  #wanted = Buffer.alloc(0);
  #received = Buffer.alloc(0);
  #done: (us: number) => void = () => {};
  #fail: (cause: unknown) => void = () => {};
  #failed: { readonly cause: unknown } | undefined;

  constructor(
    private readonly io: SerialIo,
    private readonly baud: number,
  ) {
    io.receive({
      chunk: (bytes, { arrivalUs }) => {
        this.#received = Buffer.concat([this.#received, bytes]).subarray(-4 * PROBE_BYTES.at(-1)!);
        if (this.#wanted.length > 0 && this.#received.includes(this.#wanted)) this.#done(arrivalUs);
      },
      hangup: (cause) => {
        this.#failed = { cause };
        this.#fail(cause);
      },
    });
  }

  /** µs, or undefined when they did not come back. */
  async probe(bytes: number): Promise<number | undefined> {
    this.#wanted = randomBytes(bytes);
    this.#received = Buffer.alloc(0);
    if (this.#failed !== undefined) throw this.#failed.cause;
    const back = new Promise<number>((resolve, reject) => {
      this.#done = resolve;
      this.#fail = reject;
    });
    const sentUs = monotonicUs();
    if (!this.io.send(this.#wanted)) return undefined;
    const arrivalUs = await Promise.race([back, sleep(lostAfterMs(bytes, this.baud)).then(() => undefined)]);
    return arrivalUs === undefined ? undefined : arrivalUs - sentUs;
  }
}

async function board(path: string, baud: number): Promise<number> {
  const set = [`board.path=${path}`, `board.baud=${baud}`, 'http.port=0', 'mqtt.enabled=false'];
  const bridge = startBridge({
    config: loadConfig({ file: NO_SETTINGS, environment: {}, set }).config,
    console: false,
  });
  const { loop } = bridge.boards[0]!;
  const [roundTripsUs, wireUs]: [number[], number[]] = [[], []];
  const pong = loop.clock.pong.bind(loop.clock);
  loop.clock.pong = (sentUs, rxUs, txUs, arrivalUs, lineUs, slackUs) => {
    // Without the time that the board held it, which it tells itself.
    roundTripsUs.push(arrivalUs - sentUs - (txUs - rxUs));
    wireUs.push(lineUs);
    pong(sentUs, rxUs, txUs, arrivalUs, lineUs, slackUs);
  };
  try {
    for (const untilMs = performance.now() + BOARD_WAIT_MS; loop.session.state !== 'streaming'; await sleep(50)) {
      if (performance.now() < untilMs) continue;
      process.stdout.write(`no board answered within ${BOARD_WAIT_MS / 1e3} s: the port is ${loop.session.state}\n`);
      return 6;
    }
    const late: number[] = [];
    const frame = bridge.feed.frame.bind(bridge.feed);
    bridge.feed.frame = (index, received, judgement) => {
      frame(index, received, judgement);
      if (!Number.isNaN(judgement.releaseHostUs)) late.push(monotonicUs() - judgement.releaseHostUs);
    };
    const lostBefore = loop.session.counters.lost;
    const demand = setInterval(() => loop.control.pings.demand(monotonicUs()), PING_MS);
    await sleep(BOARD_SECONDS * 1000);
    clearInterval(demand);
    const lost = loop.session.counters.lost - lostBefore;
    tell(
      'Board: pings without the time that the board held them; frames from their release to their verdict',
      ['', 'count', ...QUANTILES],
      [
        ['round trip', roundTripsUs.length, ...ladder(roundTripsUs)],
        ['of it on the wire', wireUs.length, ...ladder(wireUs)],
        ['release to verdict', late.length, ...ladder(late)],
      ],
    );
    const stats = loop.board.streams.map(({ name, monitor }) => [
      name,
      monitor.contract.periodUs,
      monitor.counters.releaseJitterMaxUs.toFixed(0),
      monitor.counters.worstLatenessUs.toFixed(0),
    ]);
    tell('Streams', ['stream', 'period µs', 'jitter of the releases, max µs', 'worst lateness µs'], stats);
    process.stdout.write(
      `\nclock known to ±${figure(loop.clock.map(monotonicUs() - loop.clock.offsetUs, { hostUs: 0, uncertaintyUs: 0 }).uncertaintyUs)} µs\n`,
    );
    if (lost === 0) return 0;
    process.stdout.write(
      `the session was lost ${lost} times meanwhile: what came before and after is no figure of this link\n`,
    );
    return 6;
  } finally {
    await bridge.stop();
  }
}
