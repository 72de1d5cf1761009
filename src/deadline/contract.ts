/**
 * The contract of a stream: what the board offers, tightened by the configuration, and checked against what the line can
 * carry. Offer and request are matched as DDS matches its quality of service: what asks for less than is offered is
 * refused, not silently relaxed.
 */
import type { OfferedContract, StreamDescriptor } from '../codec/descriptor.js';
import type { ContractConfig } from '../config.js';
import { type Line, type LineLoad, lineLoad, lineTiming, wireBytes } from './line-load.js';

/** The contract in force for a stream: what the board offers, tightened by the configuration, judged feasible. */
export interface Contract extends OfferedContract {
  readonly periodUs: number;
}

export type Resolved =
  | { readonly ok: true; readonly contract: Contract; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Load of the line past which a start warns, and past which it is refused. */
const LOAD_WARNING = 0.7;
const LOAD_REFUSED = 0.9;

const classes = ['soft', 'firm', 'hard'] as const;

/**
 * Resolves the contract of one stream.
 * @param config what the configuration asks for; undefined takes the offer as it is
 * @param line the whole line, because its traffic is shared
 * @returns the contract with warnings, or the reason for refusing it with the values on both sides
 */
export function resolveContract(stream: StreamDescriptor, config: ContractConfig | undefined, line: Line): Resolved {
  const contract = merge(stream, config ?? {});
  const reason =
    looser(stream, config ?? {}) ?? inconsistent(stream.name, contract) ?? unreachable(stream, contract, line);
  if (reason !== undefined) return { ok: false, reason };
  return { ok: true, contract, warnings: warningsOf(stream.name, contract, line) };
}

function merge(stream: StreamDescriptor, config: ContractConfig): Contract {
  const offered = stream.contract;
  return {
    class: config.class ?? offered.class,
    m: config.m ?? offered.m,
    k: config.k ?? offered.k,
    periodUs: stream.periodUs,
    jitterUs: config.jitterUs ?? offered.jitterUs,
    deadlineUs: config.deadlineUs ?? offered.deadlineUs,
    lifespanUs: config.lifespanUs ?? offered.lifespanUs,
    leaseUs: config.leaseUs ?? offered.leaseUs,
    budgets: {
      firmwareUs: config.firmwareUs ?? offered.budgets.firmwareUs,
      linkUs: config.linkUs ?? offered.budgets.linkUs,
      hostUs: config.hostUs ?? offered.budgets.hostUs,
    },
    delivery: {
      outletUs: config.outletUs ?? offered.delivery.outletUs,
      consumerUs: config.consumerUs ?? offered.delivery.consumerUs,
    },
  };
}

/** Whether every sequence that keeps (m, k) also keeps (p, q). Bernat, Burns and Llamosí, "Weakly hard real-time systems", 2001, theorem 5. */
export function implies(m: number, k: number, p: number, q: number): boolean {
  return p <= Math.max(Math.floor(q / k) * m, q + Math.ceil(q / k) * (m - k));
}

/** The request is looser than the offer. */
function looser(stream: StreamDescriptor, config: ContractConfig): string | undefined {
  const offered = stream.contract;
  const limits: readonly (readonly [string, number | undefined, number])[] = [
    ['jitterUs', config.jitterUs, offered.jitterUs],
    ['deadlineUs', config.deadlineUs, offered.deadlineUs],
    ['lifespanUs', config.lifespanUs, offered.lifespanUs],
    ['leaseUs', config.leaseUs, offered.leaseUs],
    ['firmwareUs', config.firmwareUs, offered.budgets.firmwareUs],
    ['linkUs', config.linkUs, offered.budgets.linkUs],
    ['hostUs', config.hostUs, offered.budgets.hostUs],
    ['outletUs', config.outletUs, offered.delivery.outletUs],
    ['consumerUs', config.consumerUs, offered.delivery.consumerUs],
  ];
  for (const [name, requested, limit] of limits) {
    if (requested !== undefined && requested > limit) {
      return `contract of ${stream.name}: ${name} ${requested} is looser than the ${limit} that the board offers; set ${limit} or less`;
    }
  }
  if (config.class !== undefined && classes.indexOf(config.class) < classes.indexOf(offered.class)) {
    return `contract of ${stream.name}: class ${config.class} is looser than the ${offered.class} that the board offers`;
  }
  const m = config.m ?? offered.m;
  const k = config.k ?? offered.k;
  if (!implies(m, k, offered.m, offered.k)) {
    return (
      `contract of ${stream.name}: (${m}, ${k}) allows windows that break the offered (${offered.m}, ${offered.k}): ` +
      `up to ${k - m} misses in ${k} frames against ${offered.k - offered.m} in ${offered.k}`
    );
  }
  return undefined;
}

/** The values contradict each other. */
function inconsistent(name: string, contract: Contract): string | undefined {
  const { m, k, budgets, deadlineUs, periodUs, leaseUs } = contract;
  if (!(m >= 1 && m <= k)) return `contract of ${name}: m ${m} must be at least 1 and at most k ${k}`;
  const sumUs = budgets.firmwareUs + budgets.linkUs + budgets.hostUs;
  if (sumUs > deadlineUs) {
    return (
      `contract of ${name}: the budgets exceed the deadline: firmware ${budgets.firmwareUs} + link ${budgets.linkUs} + ` +
      `host ${budgets.hostUs} = ${sumUs} µs > ${deadlineUs} µs; tighten the budgets too`
    );
  }
  if (leaseUs <= periodUs) {
    return `contract of ${name}: leaseUs ${leaseUs} must exceed the period of ${periodUs} µs, or every pause between two frames is a silence`;
  }
  return undefined;
}

/** The line cannot carry it. */
function unreachable(stream: StreamDescriptor, contract: Contract, line: Line): string | undefined {
  const load = lineLoad(line);
  if (load.fraction > LOAD_REFUSED) {
    return `${arithmetic(line, load)}: more than ${LOAD_REFUSED * 100} %; ${remedy(line)}`;
  }
  if (load.hostFraction > LOAD_REFUSED) {
    return (
      `heartbeats and pings take ${percent(load.hostFraction)} of ${load.capacity} bytes/s to the board at ${line.baud} baud: ` +
      `more than ${LOAD_REFUSED * 100} %; ${remedy(line)}`
    );
  }
  const bytes = wireBytes('data', line.encoding, stream.signals);
  const { byteUs } = lineTiming(line.baud);
  if (bytes * byteUs > contract.budgets.linkUs) {
    return (
      `contract of ${stream.name}: a frame of ${bytes} bytes × ${byteUs.toFixed(2)} µs = ${Math.ceil(bytes * byteUs)} µs ` +
      `on the wire exceeds the link's budget of ${contract.budgets.linkUs} µs; ${remedy(line)}`
    );
  }
  return undefined;
}

function warningsOf(name: string, contract: Contract, line: Line): string[] {
  const warnings: string[] = [];
  const load = lineLoad(line);
  if (load.fraction > LOAD_WARNING) warnings.push(`${arithmetic(line, load)}: more than ${LOAD_WARNING * 100} %`);
  const { lifespanUs, leaseUs, periodUs, deadlineUs } = contract;
  if (lifespanUs < periodUs + deadlineUs) {
    warnings.push(
      `contract of ${name}: lifespan ${lifespanUs} µs < period ${periodUs} + deadline ${deadlineUs} µs: the value goes stale between frames that meet`,
    );
  }
  if (leaseUs < periodUs + deadlineUs) {
    warnings.push(
      `contract of ${name}: lease ${leaseUs} µs < period ${periodUs} + deadline ${deadlineUs} µs: frames that meet can follow a silence`,
    );
  }
  return warnings;
}

/** The whole sum, so that the reader can check it. */
function arithmetic(line: Line, load: LineLoad): string {
  const streams = line.streams
    .map((stream) => {
      const bytes = wireBytes('data', line.encoding, stream.signals);
      return `${stream.name} ${bytes} B × ${round(1e6 / stream.periodUs)} Hz`;
    })
    .join(' + ');
  return (
    `the line carries ${streams} + status ${load.status} + pong ${load.pong} + descriptor ${load.descriptor} = ` +
    `${round(load.fraction * load.capacity)} bytes/s of ${round(load.capacity)} at ${line.baud} baud (${line.encoding}) = ${percent(load.fraction)}`
  );
}

function remedy(line: Line): string {
  if (line.encoding === 'binary') return 'raise the baud rate or lengthen the periods';
  const binary = lineLoad({ ...line, encoding: 'binary' });
  return `raise the baud rate, lengthen the periods, or use binary frames (${percent(binary.fraction)})`;
}

const percent = (fraction: number) => `${round(fraction * 100)} %`;
const round = (value: number) => Math.round(value * 10) / 10;
