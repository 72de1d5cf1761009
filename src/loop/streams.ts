/** The streams of one session: each with its contract, its monitor and its reporter of misses. */
import type { Descriptor, StreamDescriptor } from '../codec/descriptor.js';
import { type Encoding, STREAMS_MAX } from '../codec/schema.js';
import type { BoardConfig } from '../config.js';
import type { ClockModel } from '../deadline/clock.js';
import { type Contract, resolveContract } from '../deadline/contract.js';
import type { DeviceTime } from '../deadline/device-time.js';
import { type LineLoad, lineLoad, lineTiming } from '../deadline/line-load.js';
import { type Miss, MissReporter } from '../deadline/misses.js';
import { StreamMonitor } from '../deadline/monitor.js';
import type { SampleRing } from '../deadline/samples.js';

export interface LoopStream {
  readonly id: number;
  readonly name: string;
  readonly monitor: StreamMonitor;
  readonly reporter: MissReporter;
}

export interface StreamSet {
  readonly all: readonly LoopStream[];
  /** By number on the wire. */
  readonly byId: readonly (LoopStream | undefined)[];
  readonly contracts: Readonly<Record<string, Contract>>;
  readonly load: LineLoad;
  readonly warnings: readonly string[];
}

export interface StreamSources {
  readonly board: number;
  readonly config: BoardConfig;
  readonly encoding: Encoding;
  /** Whether bytes take their time on this line: a UART, or an emulation of one. */
  readonly timedLine: boolean;
  readonly clock: ClockModel;
  readonly deviceTime: DeviceTime;
  readonly samples: SampleRing | null;
  readonly onMiss: (miss: Miss) => void;
}

/** @returns the streams, or why this board and this configuration do not go together, with the values of both */
export function makeStreams(descriptor: Descriptor, sources: StreamSources): StreamSet | { readonly refused: string } {
  const { config, encoding } = sources;
  const unknown = Object.keys(config.contract).filter(
    (name) => !descriptor.streams.some((stream) => stream.name === name),
  );
  if (unknown.length > 0) {
    const known = descriptor.streams.map((stream) => stream.name).join(', ');
    return { refused: `boards.contract.${unknown[0]}: the board has no such stream; it has ${known}` };
  }
  const line = { baud: config.baud, encoding, streams: descriptor.streams, heartbeats: descriptor.armable };
  const byId: (LoopStream | undefined)[] = new Array(STREAMS_MAX).fill(undefined);
  const contracts: Record<string, Contract> = {};
  const warnings = new Set<string>();
  for (const stream of descriptor.streams) {
    const resolved = resolveContract(stream, config.contract[stream.name], line);
    if (!resolved.ok) return { refused: resolved.reason };
    contracts[stream.name] = resolved.contract;
    for (const warning of resolved.warnings) warnings.add(warning);
    byId[stream.id] = makeStream(stream, resolved.contract, sources);
  }
  const all = byId.filter((stream) => stream !== undefined);
  return { all, byId, contracts, load: lineLoad(line), warnings: [...warnings] };
}

function makeStream(stream: StreamDescriptor, contract: Contract, sources: StreamSources): LoopStream {
  const timing = lineTiming(sources.config.baud, sources.timedLine);
  const monitor = new StreamMonitor(contract, timing, sources.clock, sources.deviceTime);
  const { byteUs } = lineTiming(sources.config.baud);
  const source = { monitor, board: sources.board, stream: stream.id, byteUs, samples: sources.samples };
  return { id: stream.id, name: stream.name, monitor, reporter: new MissReporter(source, sources.onMiss) };
}
