/** `/metrics` in Prometheus' text format: what the gateway sees itself, and what the other threads report. */
import { type Culprit, culprits, verdicts } from '../deadline/verdict.js';
import { STAGE_BOUNDS_US } from '../delivery/stage-histogram.js';
import type { MetricValues } from '../outlet.js';
import type { DeliveryLedger, Stage } from './delivery.js';
import { families } from './metric-families.js';
import type { OutboxCounters } from './phoenix/outbox.js';
import type { BridgeState } from './state.js';

export interface MetricsSource {
  readonly state: BridgeState;
  readonly delivery: DeliveryLedger;
  readonly nowUs: number;
  readonly counters: OutboxCounters;
  readonly clients: number;
  /** Of the clients: those without a WebSocket. */
  readonly eventStreams: number;
  readonly lostSlots: number;
  readonly unansweredCommands: number;
  readonly bugs: number;
  /** By thread: what it reported last. */
  readonly reported: ReadonlyMap<string, MetricValues>;
}

/** Outlets and consumers are late for a delivery, never for a deadline: `tautline_delivery_misses_total` has them. */
const deadlineCulprits: ReadonlySet<Culprit> = new Set(['firmware', 'link', 'host', 'indeterminate']);

const escapeLabel = (value: string): string => value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
const labelled = (name: string, labels: Readonly<Record<string, string>>): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${escapeLabel(value)}"`)
    .join(',')}}`;
/** Seconds without the digits that binary fractions drag along. */
const seconds = (us: number): number => Number((us / 1e6).toPrecision(12));

/** @returns the whole exposition, ending in a line feed */
export function renderMetrics(source: MetricsSource): string {
  const samples = new Map<string, number>();
  addStreams(samples, source.state, source.nowUs);
  addStages(samples, source.delivery);
  addGateway(samples, source);
  for (const [from, values] of source.reported) addReported(samples, values, from === 'bridge');
  return expose(samples);
}

function addStreams(samples: Map<string, number>, state: BridgeState, nowUs: number): void {
  for (const board of state.boards.values()) {
    if (board.health !== undefined) {
      const { uncertaintyUs } = board.health;
      samples.set(labelled('tautline_board_live', { board: board.id }), board.isLive(nowUs) ? 1 : 0);
      if (Number.isFinite(uncertaintyUs))
        samples.set(labelled('tautline_clock_uncertainty_seconds', { board: board.id }), seconds(uncertaintyUs));
    }
    for (const { name, stats } of board.streams) {
      if (stats === undefined) continue;
      const labels = { board: board.id, stream: name };
      for (const [i, verdict] of verdicts.entries())
        samples.set(labelled('tautline_frames_total', { ...labels, verdict }), stats.verdicts[i]!);
      for (const [i, culprit] of culprits.entries())
        if (deadlineCulprits.has(culprit))
          samples.set(labelled('tautline_deadline_misses_total', { ...labels, culprit }), stats.culprits[i]!);
    }
  }
}

function addStages(samples: Map<string, number>, delivery: DeliveryLedger): void {
  for (const [stage, histogram] of Object.entries(delivery.stages) as [Stage, (typeof delivery.stages)[Stage]][]) {
    let cumulative = 0;
    for (const [i, count] of histogram.counts.entries()) {
      cumulative += count;
      const bound = STAGE_BOUNDS_US[i];
      samples.set(
        labelled('tautline_stage_seconds_bucket', { stage, le: bound === undefined ? '+Inf' : String(bound / 1e6) }),
        cumulative,
      );
    }
    samples.set(labelled('tautline_stage_seconds_sum', { stage }), seconds(histogram.sumUs[0]!));
    samples.set(labelled('tautline_stage_seconds_count', { stage }), cumulative);
  }
}

function addGateway(samples: Map<string, number>, source: MetricsSource): void {
  const { counters, delivery, state } = source;
  for (const [culprit, count] of Object.entries(delivery.misses.totals))
    samples.set(labelled('tautline_delivery_misses_total', { outlet: 'gateway', culprit }), count);
  for (const { name, restarts, up } of state.outlets) {
    samples.set(labelled('tautline_worker_restarts_total', { worker: name }), restarts);
    samples.set(labelled('tautline_worker_up', { worker: name }), up ? 1 : 0);
  }
  samples.set(labelled('tautline_feed_lost_total', { outlet: 'gateway' }), source.lostSlots);
  samples.set('tautline_alarms', state.alarms.size);
  samples.set('tautline_alarms_refused_total', state.alarmsRefused);
  samples.set('tautline_gateway_errors_total', source.bugs);
  samples.set('tautline_ws_clients', source.clients);
  samples.set('tautline_event_stream_clients', source.eventStreams);
  samples.set('tautline_ws_conflated_total', counters.conflated);
  samples.set('tautline_ws_cut_total', counters.cut);
  samples.set('tautline_ws_writes_total', counters.writes);
  samples.set('tautline_ws_written_bytes_total', counters.bytes);
  samples.set('tautline_commands_unanswered_total', source.unansweredCommands);
}

/**
 * What the bridge says of its workers holds over their restarts, so it is the better figure. Stages have a part in every
 * outlet and are added up.
 */
function addReported(samples: Map<string, number>, values: MetricValues, isBridge: boolean): void {
  for (const [key, value] of Object.entries(values)) {
    const before = samples.get(key);
    if (key.startsWith('tautline_stage_seconds')) samples.set(key, value + (before ?? 0));
    else if (before === undefined || isBridge) samples.set(key, value);
  }
}

function expose(samples: ReadonlyMap<string, number>): string {
  const lines = new Map<string, string[]>();
  for (const [key, value] of samples) {
    const family = familyOf(key.replace(/\{.*$/s, ''));
    const known = lines.get(family) ?? [];
    lines.set(family, known);
    known.push(`${key} ${Number.isFinite(value) ? value : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN'}`);
  }
  let text = '';
  for (const [family, samplesOf] of lines) {
    const [kind, help] = families[family] ?? ['untyped', 'Not described.'];
    text += `# HELP ${family} ${help}\n# TYPE ${family} ${kind}\n${samplesOf.join('\n')}\n`;
  }
  return text;
}

function familyOf(name: string): string {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return families[base]?.[0] === 'histogram' ? base : name;
}
