import type { FastifyReply, FastifyRequest } from 'fastify';
import { CLIENTS_MAX } from './clients.js';
import type { Gateway } from './gateway.js';
import type { Http } from './http.js';

/** For `ws`: its defaults are 100 MiB a message in up to 16384 fragments. Nothing that a client sends here is long. */
export const socketLimits = {
  maxPayload: 16 * 1024,
  maxFragments: 16,
  maxBufferedChunks: 256,
  perMessageDeflate: false,
} as const;

const NAME = /^[\p{L}\p{N} ._@-]{1,32}$/u;

/** The Phoenix socket. Whatever is wrong with a client is said in HTTP, before the upgrade. */
export function addSocketRoute(app: Http, gateway: Gateway): void {
  const preValidation = async (request: FastifyRequest, reply: FastifyReply) => {
    const { vsn, name } = request.query as { vsn?: unknown; name?: unknown };
    if (typeof vsn !== 'string' || !/^2\./.test(vsn)) {
      const message = `this socket speaks version 2 of Phoenix Channels; connect with ?vsn=2.0.0, not "${String(vsn ?? '').slice(0, 16)}"`;
      return reply.code(400).send({ error: 'wrong-vsn', message });
    }
    if (name !== undefined && (typeof name !== 'string' || !NAME.test(name)))
      return reply.code(400).send({ error: 'wrong-name', message: 'name: 1 to 32 letters, digits, spaces or . _ @ -' });
    if (gateway.clients.count >= CLIENTS_MAX)
      return reply
        .code(503)
        .send({ error: 'too-many-clients', message: `${CLIENTS_MAX} clients are connected, which is the most` });
    if (request.ws) return;
    return reply
      .code(426)
      .headers({ upgrade: 'websocket' })
      .send({ error: 'upgrade-required', message: 'this is a WebSocket' });
  };
  app.get('/socket/websocket', { websocket: true, preValidation, schema: { hide: true } }, (ws, request) => {
    const { name } = request.query as { name?: string };
    gateway.clients.add(ws, request.raw.socket, { address: request.ip, name: name ?? 'anonymous' });
  });
}
