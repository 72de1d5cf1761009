import type { FastifyRequest } from 'fastify';
import { stateMessage } from '../messages/state.js';
import { Type } from '../typebox.js';
import {
  BoardParams,
  BoardSchema,
  BoardSummarySchema,
  BridgeSchema,
  CommandAnswerSchema,
  CommandBody,
  CommandParams,
  ErrorSchema,
  StateSchema,
} from './api-schema.js';
import type { Gateway } from './gateway.js';
import type { Http } from './http.js';
import { HttpError } from './http-error.js';
import { boardView } from './messages.js';
import type { BoardState } from './state.js';

const builtIn = ['arm', 'disarm', 'rearm', 'safe'] as const;
/** Answers that are not the board's refusal. */
const statusOf: Readonly<Record<string, number>> = {
  'unknown-board': 404,
  'too-many': 429,
  'queue-full': 429,
  stopping: 503,
  'no-session': 503,
  'clock-invalid': 503,
  'session-lost': 503,
  'no-answer': 504,
};
const failures = {
  400: ErrorSchema,
  404: ErrorSchema,
  409: ErrorSchema,
  429: ErrorSchema,
  503: ErrorSchema,
  504: ErrorSchema,
};

export function addApiRoutes(app: Http, gateway: Gateway): void {
  app.get(
    '/api/bridge',
    {
      schema: {
        summary: 'The bridge: version, run, ports, outlets',
        tags: ['bridge'],
        response: { 200: BridgeSchema },
      },
    },
    () => gateway.bridgeView(),
  );
  app.get(
    '/api/boards',
    { schema: { summary: 'All boards', tags: ['boards'], response: { 200: Type.Array(BoardSummarySchema) } } },
    () => gateway.topics.lobby.boards(),
  );
  const one = { summary: 'A board: descriptor, contracts, health, newest states, counters, alarms', tags: ['boards'] };
  app.get(
    '/api/boards/:id',
    { schema: { ...one, params: BoardParams, response: { 200: BoardSchema, 404: ErrorSchema } } },
    (request) => {
      const board = boardOf(gateway, request.params.id);
      const { clock } = gateway.context;
      return boardView(board, gateway.state.alarmsOf(board.id), clock.nowUs(), clock.utcOffsetUs());
    },
  );
  const state = { summary: 'The newest state of every stream', tags: ['boards'] };
  app.get(
    '/api/boards/:id/state',
    { schema: { ...state, params: BoardParams, response: { 200: Type.Array(StateSchema), 404: ErrorSchema } } },
    (request) => {
      const board = boardOf(gateway, request.params.id);
      const { clock } = gateway.context;
      const streams = board.streams.filter((stream) => stream.version > 0);
      return streams.map((stream) => stateMessage(board.id, stream, clock.nowUs(), clock.utcOffsetUs()));
    },
  );
  addCommandRoutes(app, gateway);
}

function addCommandRoutes(app: Http, gateway: Gateway): void {
  const response = { 200: CommandAnswerSchema, ...failures };
  for (const name of builtIn) {
    const schema = {
      summary: `${name} the board`,
      tags: ['commands'],
      params: BoardParams,
      body: CommandBody,
      response,
    };
    app.post(`/api/boards/:id/${name}`, { schema }, (request) => relay(gateway, request, request.params.id, name, []));
  }
  const schema = {
    summary: 'A command of the board',
    tags: ['commands'],
    params: CommandParams,
    body: CommandBody,
    response,
  };
  app.post('/api/boards/:id/commands/:name', { schema }, (request) => {
    const { id, name } = request.params;
    return relay(gateway, request, id, name, request.body?.arguments ?? []);
  });
}

async function relay(
  gateway: Gateway,
  request: FastifyRequest,
  board: string,
  name: string,
  values: readonly number[],
) {
  boardOf(gateway, board);
  const answer = await gateway.commands.send({ board, name, arguments: values, by: `http ${request.ip}` });
  if (!answer.ok) throw new HttpError(statusOf[answer.code] ?? 409, answer.code, answer.detail);
  return { ok: true as const, detail: answer.detail };
}

/** As of now: a gateway without clients looks at the feed now and then only. */
function boardOf(gateway: Gateway, id: string): BoardState {
  gateway.context.history()?.look();
  const board = gateway.state.boards.get(id);
  if (board === undefined) throw new HttpError(404, 'unknown-board', `no board "${id}"; GET /api/boards lists them`);
  return board;
}
