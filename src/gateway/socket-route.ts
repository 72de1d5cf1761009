import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from '../typebox.js';
import { CLIENTS_MAX } from './clients.js';
import type { Gateway } from './gateway.js';
import type { Http } from './http.js';
import { HttpError } from './http-error.js';
import { acceptWebSocket } from './web-socket.js';

/** For `ws`: its defaults are 100 MiB a message in up to 16384 fragments. Nothing that a client sends here is long. */
export const socketLimits = {
  maxPayload: 16 * 1024,
  maxFragments: 16,
  maxBufferedChunks: 256,
  perMessageDeflate: false,
} as const;

const NAME = /^[\p{L}\p{N} ._@-]{1,32}$/u;
const EVENT_STREAM = 'text/event-stream';

/** The Phoenix socket, over a WebSocket and over plain HTTP. Whatever is wrong with a client is said in HTTP, before either begins. */
export function addSocketRoute(app: Http, gateway: Gateway): void {
  app.get(
    '/socket/websocket',
    { websocket: true, preValidation: checked(gateway, upgradeRequired), schema: { hide: true } },
    (ws, request) => acceptWebSocket(gateway.clients, ws, request.raw.socket, whoOf(request)),
  );

  app.get(
    '/socket/events',
    // HEAD would be a stream that nobody reads.
    { preValidation: checked(gateway, eventsAccepted), exposeHeadRoute: false, schema: { hide: true } },
    (request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': EVENT_STREAM,
        // A proxy that collects or compresses what comes would hold it up.
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        // Nothing comes after it on this connection.
        connection: 'close',
      });
      gateway.eventStreams.open(reply.raw, whoOf(request));
    },
  );

  const body = Type.Array(Type.Array(Type.Unknown()), { minItems: 1 });
  app.post<{ Params: { session: string } }>(
    '/socket/events/:session',
    { schema: { hide: true, body } },
    (request, reply) => {
      if (!gateway.eventStreams.receive(request.params.session, request.body as unknown[]))
        throw new HttpError(404, 'unknown-session', 'there is no such event stream (any more); open another one');
      return reply.code(204).send();
    },
  );
}

type Refusal = { readonly status: number; readonly error: string; readonly message: string };

/** What both kinds refuse, and what one of them does. */
function checked(gateway: Gateway, more: (request: FastifyRequest, reply: FastifyReply) => Refusal | undefined) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const refusal = wrongQuery(request) ?? tooMany(gateway) ?? more(request, reply);
    if (refusal === undefined) return;
    const { status, ...body } = refusal;
    return reply.code(status).send(body);
  };
}

function wrongQuery(request: FastifyRequest): Refusal | undefined {
  const { vsn, name } = request.query as { vsn?: unknown; name?: unknown };
  if (typeof vsn !== 'string' || !/^2\./.test(vsn)) {
    const message = `this socket speaks version 2 of Phoenix Channels; connect with ?vsn=2.0.0, not "${String(vsn ?? '').slice(0, 16)}"`;
    return { status: 400, error: 'wrong-vsn', message };
  }
  if (name !== undefined && (typeof name !== 'string' || !NAME.test(name)))
    return { status: 400, error: 'wrong-name', message: 'name: 1 to 32 letters, digits, spaces or . _ @ -' };
  return undefined;
}

function tooMany(gateway: Gateway): Refusal | undefined {
  if (gateway.clients.count < CLIENTS_MAX) return undefined;
  return { status: 503, error: 'too-many-clients', message: `${CLIENTS_MAX} clients are connected, which is the most` };
}

function upgradeRequired(request: FastifyRequest, reply: FastifyReply): Refusal | undefined {
  if (request.ws) return undefined;
  reply.headers({ upgrade: 'websocket' });
  return { status: 426, error: 'upgrade-required', message: 'this is a WebSocket' };
}

function eventsAccepted(request: FastifyRequest, reply: FastifyReply): Refusal | undefined {
  const { accept, origin, 'sec-fetch-site': site = 'none' } = request.headers;
  if (!accept?.includes(EVENT_STREAM))
    return {
      status: 406,
      error: 'not-acceptable',
      message: `this is an event stream; ask with "Accept: ${EVENT_STREAM}"`,
    };
  // A page elsewhere can make a browser ask without an Origin, read nothing, and take places.
  if (origin === undefined && site !== 'none' && site !== 'same-origin')
    return { status: 403, error: 'origin-not-allowed', message: 'a page of another origin may not use this bridge' };
  // Sent behind another request on the same connection: its end would never be seen.
  if (reply.raw.socket === null)
    return { status: 400, error: 'pipelined', message: 'an event stream needs a connection of its own' };
  return undefined;
}

const whoOf = (request: FastifyRequest) => ({
  address: request.ip,
  name: (request.query as { name?: string }).name ?? 'anonymous',
});
