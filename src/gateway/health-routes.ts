import { Type } from '../typebox.js';
import { ReadySchema } from './api-schema.js';
import type { Gateway } from './gateway.js';
import type { Http } from './http.js';
import { boardStatus } from './messages.js';

/** The main thread writes stats and health every second, and pings its workers; silent for this long, it is stuck. */
const LOOP_SILENCE_MAX_US = 5e6;

export function addHealthRoutes(app: Http, gateway: Gateway): void {
  const alive = {
    schema: {
      summary: 'The process lives',
      tags: ['health'],
      response: { 200: Type.Object({ ok: Type.Literal(true) }) },
    },
  };
  app.get('/healthz', alive, () => ({ ok: true as const }));

  const ready = {
    schema: {
      summary: 'The loop and all enabled outlets are up',
      tags: ['health'],
      response: { 200: ReadySchema, 503: ReadySchema },
    },
  };
  app.get('/readyz', ready, async (_request, reply) => {
    const readiness = readinessOf(gateway);
    reply.code(readiness.ready ? 200 : 503);
    return readiness;
  });

  const metrics = { schema: { summary: 'Prometheus metrics', tags: ['health'] } };
  app.get('/metrics', metrics, (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(gateway.metricsText()),
  );
}

/** A missing board is a degraded bridge, not an unready one: it has to run before the board is plugged in. */
function readinessOf(gateway: Gateway) {
  const { state, context } = gateway;
  const nowUs = context.clock.nowUs();
  const silentUs = nowUs - state.lastFromMainUs;
  const loopUp = silentUs <= LOOP_SILENCE_MAX_US;
  const spoke = Number.isFinite(silentUs) ? `spoke ${(silentUs / 1e6).toFixed(1)} s ago` : 'has not spoken yet';
  const boards = [...state.boards.values()].map((board) => ({ id: board.id, status: boardStatus(board, nowUs) }));
  const outlets = state.outlets.map(({ name, up, detail }) => ({ name, up, detail }));
  const ready = loopUp && outlets.length > 0 && outlets.every(({ up }) => up);
  return {
    ready,
    degraded:
      ready && (state.alarms.size > 0 || boards.length === 0 || boards.some(({ status }) => status !== 'streaming')),
    loop: { up: loopUp, detail: spoke },
    outlets,
    boards,
  };
}
