import { setTimeout as sleep } from 'node:timers/promises';
import type { Http } from './http.js';

export type Listening =
  | { readonly ok: true; readonly port: number; readonly url: string }
  | { readonly ok: false; readonly text: string };

/** A gateway that is restarted may meet the last breath of the one before: looked at again this often, this far apart. */
const BUSY_TRIES = 5;
const BUSY_RETRY_MS = 100;

/** Opens the port of the settings. Why it can't, and what to do, is in the text; other failures throw. */
export async function listen(
  http: Http,
  settings: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const { host, port } = settings;
  for (let tries = 1; ; tries++) {
    try {
      await http.listen({ host, port });
      break;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' && tries < BUSY_TRIES) {
        await sleep(BUSY_RETRY_MS);
        continue;
      }
      const text = explain(code, host, port);
      if (text === undefined) throw error;
      return { ok: false, text };
    }
  }
  const address = http.server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  const name = host.includes(':') ? `[${host}]` : host;
  return { ok: true, port: actual, url: `http://${name}:${actual}` };
}

function explain(code: string | undefined, host: string, port: number): string | undefined {
  const other = port === 65_535 ? port - 1 : port + 1;
  if (code === 'EADDRINUSE')
    return `port ${port} on ${host} is in use, perhaps by another Tautline; stop that one, or take another port: --set http.port=${other}`;
  if (code === 'EACCES')
    return `port ${port} on ${host} may not be opened by this user; take one over 1023: --set http.port=8080`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `${host} is not an address of this machine; use one that is: --set http.host=127.0.0.1`;
  return undefined;
}
