/**
 * Who may talk to the gateway, decided before anything is upgraded or executed. Pure.
 *
 * Loopback without a token: whoever reaches it is the operator, so browsers are the danger. Their requests carry an
 * Origin, which must be our own, and a Host, which must be a name of this machine (DNS rebinding). With a token, the
 * token decides, and Origin is still checked.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface AuthSettings {
  readonly host: string;
  readonly token: string;
  /** Further origins that browsers may come from, `https://panel.example`. */
  readonly origins: readonly string[];
}

export interface RequestIdentity {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  /** The `token` of the query. */
  readonly queryToken: string | undefined;
}

export type Denial = { readonly status: 401 | 403; readonly code: string; readonly text: string };

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** Why these settings must not be served, or undefined. */
export function refuseSettings(settings: AuthSettings): string | undefined {
  if (isLoopback(settings.host) || settings.token !== '') return undefined;
  return (
    `http.host is ${settings.host}, which other machines can reach, but http.token is empty: anyone there could command the boards. ` +
    'Set a token (TAUTLINE_HTTP_TOKEN=…) or listen on loopback only (--set http.host=127.0.0.1).'
  );
}

/** Origin and Host: for every request, with or without a token. */
export function checkSource(settings: AuthSettings, request: RequestIdentity): Denial | undefined {
  const hostname = request.host?.replace(/:\d+$/, '').toLowerCase();
  if (settings.token === '' && !isOwnName(settings, hostname)) {
    return {
      status: 403,
      code: 'host-not-allowed',
      text: `the Host header names "${request.host ?? ''}", which is not this machine; open http://127.0.0.1, or add its origin to http.origins`,
    };
  }
  if (request.origin === undefined || settings.origins.includes(request.origin)) return undefined;
  if (originHost(request.origin) === request.host?.toLowerCase()) return undefined;
  return {
    status: 403,
    code: 'origin-not-allowed',
    text: `a page of "${request.origin}" may not use this bridge; add that origin to http.origins`,
  };
}

function isOwnName(settings: AuthSettings, hostname: string | undefined): boolean {
  if (hostname === undefined) return false;
  if (LOOPBACK_NAMES.has(hostname) || isLoopback(hostname) || hostname === settings.host) return true;
  return settings.origins.some((origin) => originHost(origin)?.replace(/:\d+$/, '') === hostname);
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** The token: for everything that shows data or takes commands. */
export function checkToken(settings: AuthSettings, request: RequestIdentity): Denial | undefined {
  if (settings.token === '') return undefined;
  const bearer = /^Bearer (.+)$/i.exec(request.authorization ?? '')?.[1];
  const given = bearer ?? request.queryToken;
  if (given !== undefined && isEqual(given, settings.token)) return undefined;
  return {
    status: 401,
    code: given === undefined ? 'token-missing' : 'token-wrong',
    text: 'this bridge needs its token: send "Authorization: Bearer <http.token>", or ?token= where headers cannot be set',
  };
}

/** In constant time, whatever the lengths. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
