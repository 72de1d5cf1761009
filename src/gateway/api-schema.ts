/** What the HTTP interface takes and gives; `/docs/json` is generated from it. */

import { COMMAND_ARGUMENTS_MAX } from '../codec/schema.js';
import { Type } from '../typebox.js';
import { COMMAND_NAME_PATTERN } from './channels/command-push.js';

const nullable = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });

export const ErrorSchema = Type.Object(
  {
    error: Type.String({ description: 'stable code' }),
    message: Type.String({ description: 'what happened, and what to do' }),
  },
  { $id: 'Error' },
);

export const StateSchema = Type.Object(
  {
    board: Type.String(),
    stream: Type.String(),
    boot: Type.String({ description: '8 hex digits' }),
    seq: nullable('unwrapped sequence number'),
    releaseUs: nullable('scheduled instant, device time, microseconds'),
    time: Type.Union([Type.String(), Type.Null()], {
      description: 'release, ISO 8601 UTC; null while the clock is not known',
    }),
    ageUs: nullable('at the time of this answer'),
    uncertaintyUs: nullable('half width of what is known of the clock'),
    lifespanUs: Type.Number({ description: 'age past which the values are stale' }),
    verdict: Type.String(),
    live: Type.Boolean({ description: 'within the lifespan now; never true for stale values' }),
    values: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Null()])),
  },
  { $id: 'State' },
);

export const BoardSummarySchema = Type.Object({
  id: Type.String(),
  path: Type.String(),
  name: Type.Union([Type.String(), Type.Null()]),
  status: Type.String({ description: 'state of the link, "gone", or "unknown"' }),
});

export const BoardSchema = Type.Object(
  {
    id: Type.String(),
    path: Type.String(),
    boot: Type.String({ description: '8 hex digits' }),
    gone: Type.Union([Type.String(), Type.Null()], { description: 'why the board went' }),
    status: Type.String({ description: 'state of the link, "gone", or "unknown"' }),
    descriptor: Type.Unknown({ description: 'what the board says of itself; null before it has' }),
    contracts: Type.Record(Type.String(), Type.Unknown(), { description: 'in force, by stream' }),
    health: Type.Unknown({ description: 'link, arm state, clock and counters; null before the first' }),
    streams: Type.Array(
      Type.Object({
        name: Type.String(),
        id: Type.Number(),
        state: Type.Union([StateSchema, Type.Null()]),
        stats: Type.Unknown({ description: 'counters since the session began; null before the first' }),
      }),
    ),
    alarms: Type.Array(Type.Unknown()),
  },
  { $id: 'Board' },
);

const OutletSchema = Type.Object({
  name: Type.String(),
  up: Type.Boolean(),
  detail: Type.String(),
  restarts: Type.Number(),
  info: Type.Record(Type.String(), Type.Unknown()),
});

export const BridgeSchema = Type.Object(
  {
    name: Type.Literal('tautline'),
    version: Type.String(),
    epoch: Type.String({ description: 'this run of the bridge, 8 hex digits' }),
    readOnly: Type.Boolean({ description: 'a gateway elsewhere, which takes no commands' }),
    startedAt: Type.String({ description: 'ISO 8601 UTC' }),
    uptimeSeconds: Type.Number(),
    http: Type.Object({ host: Type.String(), port: Type.Number() }),
    ports: Type.Record(Type.String(), Type.Number(), { description: 'actual ports by outlet' }),
    node: Type.String(),
    outlets: Type.Array(OutletSchema),
    clients: Type.Number({ description: 'open WebSocket connections' }),
    alarms: Type.Array(Type.Unknown()),
  },
  { $id: 'Bridge' },
);

export const ReadySchema = Type.Object(
  {
    ready: Type.Boolean(),
    degraded: Type.Boolean({ description: 'ready, but a board is missing or an alarm is active' }),
    loop: Type.Object({ up: Type.Boolean(), detail: Type.String() }),
    outlets: Type.Array(Type.Object({ name: Type.String(), up: Type.Boolean(), detail: Type.String() })),
    boards: Type.Array(Type.Object({ id: Type.String(), status: Type.String() })),
  },
  { $id: 'Ready' },
);

export const BoardParams = Type.Object({ id: Type.String({ pattern: '^[a-z][a-z0-9_-]{0,31}$' }) });
export const CommandParams = Type.Object({
  id: Type.String({ pattern: '^[a-z][a-z0-9_-]{0,31}$' }),
  name: Type.String({ pattern: COMMAND_NAME_PATTERN }),
});
export const CommandBody = Type.Union([
  Type.Null(),
  Type.Object(
    {
      arguments: Type.Optional(
        Type.Array(Type.Number(), { maxItems: COMMAND_ARGUMENTS_MAX, description: 'in the units of the descriptor' }),
      ),
    },
    { additionalProperties: false },
  ),
]);
export const CommandAnswerSchema = Type.Object(
  { ok: Type.Literal(true), detail: Type.String() },
  { $id: 'CommandAnswer' },
);
