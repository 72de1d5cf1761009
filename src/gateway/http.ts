import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { addApiRoutes } from './api-routes.js';
import { type AuthSettings, checkSource, checkToken, type Denial, type RequestIdentity } from './auth.js';
import { CLIENTS_MAX } from './clients.js';
import { addDashboard } from './dashboard.js';
import { addDocs } from './docs-page.js';
import type { Gateway } from './gateway.js';
import { addHealthRoutes } from './health-routes.js';
import { HttpError } from './http-error.js';
import { addSocketRoute, socketLimits } from './socket-route.js';

/** What one request may cost. Browsers and our own tools stay far below; who doesn't is cut. */
const httpLimits = {
  bodyBytes: 16 * 1024,
  headerBytes: 8 * 1024,
  /** Whole header, counted from the first byte: a slow sender is cut (slowloris). */
  headersMs: 5_000,
  requestMs: 10_000,
  keepAliveMs: 10_000,
  checkMs: 1_000,
  /** Sockets of all kinds; a client without a WebSocket has two. */
  connections: 2 * CLIENTS_MAX + 200,
} as const;

export interface HttpOptions {
  readonly auth: AuthSettings;
  /** Folder of the built dashboard; it may be absent. */
  readonly webDir: string;
}

/** All of HTTP and the WebSocket upgrade, ready to listen; `inject` works on it as it is. */
export async function createHttp(gateway: Gateway, options: HttpOptions) {
  const app = fastify({
    logger: false,
    bodyLimit: httpLimits.bodyBytes,
    requestTimeout: httpLimits.requestMs,
    keepAliveTimeout: httpLimits.keepAliveMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 64 },
    // A number that came as text, or a key that nobody knows, is a mistake of the caller and not to be guessed at.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    http: {
      maxHeaderSize: httpLimits.headerBytes,
      headersTimeout: httpLimits.headersMs,
      connectionsCheckingInterval: httpLimits.checkMs,
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.maxConnections = httpLimits.connections;

  // Before our own hooks: its first hook marks upgrades, and only marked ones are destroyed after a refusal.
  await app.register(websocket, {
    options: socketLimits,
    errorHandler: (error, socket) => onSocketError(gateway, error, socket),
  });
  app.addHook('onRequest', async (request, reply) => {
    addSecurityHeaders(reply);
    if (allowConfiguredOrigin(options.auth, request, reply)) return reply.code(204).send();
    const denial = denialOf(options.auth, request);
    return denial === undefined ? undefined : deny(reply, denial);
  });
  addErrorHandlers(app, (error) => gateway.bug(error));

  await app.register(swagger, {
    openapi: {
      info: { title: 'Tautline', description: 'Boards, their contracts and who was late', version: gateway.version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (typeof json.$id === 'string' ? json.$id : `schema${i}`),
    },
  });
  addSocketRoute(app, gateway);
  addHealthRoutes(app, gateway);
  addApiRoutes(app, gateway);
  addDocs(app);
  await addDashboard(app, options.webDir);
  return app;
}

export type Http = Awaited<ReturnType<typeof createHttp>>;

/** The page and its scripts hold no data, and a browser can't send a token for them; probes need only yes or no. */
const openPaths = /^\/(?:healthz|readyz|favicon\.ico|index\.html|assets\/[^?]*)?(?:\?|$)/;

function denialOf(auth: AuthSettings, request: FastifyRequest): Denial | undefined {
  const { token } = request.query as { token?: unknown };
  const { host, origin, authorization } = request.headers;
  const identity: RequestIdentity = {
    host,
    origin,
    authorization,
    queryToken: typeof token === 'string' ? token : undefined,
  };
  return checkSource(auth, identity) ?? (openPaths.test(request.url) ? undefined : checkToken(auth, identity));
}

/** CORS, for the pages of `http.origins` only. @returns whether this is a preflight, answered with the headers alone */
function allowConfiguredOrigin(auth: AuthSettings, request: FastifyRequest, reply: FastifyReply): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !auth.origins.includes(origin)) return false;
  reply.headers({ 'access-control-allow-origin': origin, vary: 'Origin' });
  if (request.method !== 'OPTIONS') return false;
  reply.headers({
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type',
  });
  return true;
}

function deny(reply: FastifyReply, denial: Denial) {
  if (denial.status === 401) reply.header('www-authenticate', 'Bearer realm="tautline"');
  return reply.code(denial.status).send({ error: denial.code, message: denial.text });
}

/** What a client did wrong (`WS_ERR_…`) or a connection that broke is its own affair: `ws` closes it. The rest is a bug. */
function onSocketError(gateway: Gateway, error: Error & { code?: unknown; errno?: unknown }, socket: WebSocket): void {
  if (error.errno !== undefined || (typeof error.code === 'string' && error.code.startsWith('WS_ERR_'))) return;
  gateway.bug(error);
  socket.close(1011, 'internal error');
}

function addSecurityHeaders(reply: FastifyReply): void {
  reply.headers({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // A token in the address of the page must not travel on.
    'referrer-policy': 'no-referrer',
    'content-security-policy':
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'",
  });
}

function addErrorHandlers(
  app: Pick<FastifyInstance, 'setErrorHandler' | 'setNotFoundHandler'>,
  onBug: (error: Error) => void,
): void {
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500 && !(error instanceof HttpError)) onBug(error);
    // What went wrong inside is for the log, not for whoever asks.
    const message =
      status < 500 || error instanceof HttpError ? error.message : 'internal error; the log of the bridge has it';
    return reply.code(status).send({ error: (error.code ?? 'error').toLowerCase().replaceAll('_', '-'), message });
  });
  app.setNotFoundHandler((request, reply) => {
    const message = `nothing at ${request.method} ${request.url.split('?')[0]}; /docs lists what there is`;
    return reply.code(404).send({ error: 'not-found', message });
  });
}
