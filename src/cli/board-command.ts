import { exitCodes, UserError } from '../exit-codes.js';

interface Options {
  readonly url: string;
  readonly token?: string;
}

const builtIn = ['arm', 'disarm', 'rearm', 'safe'];

/** Asks a running bridge, over its HTTP interface, to command a board. */
export async function boardCommand(
  board: string,
  name: string,
  values: readonly string[],
  options: Options,
): Promise<void> {
  const numbers = values.map((value) => {
    const number = Number(value);
    if (value.trim() === '' || !Number.isFinite(number))
      throw new UserError(`"${value}" is not a number`, exitCodes.usage);
    return number;
  });
  const path = builtIn.includes(name) ? name : `commands/${encodeURIComponent(name)}`;
  const url = new URL(`api/boards/${encodeURIComponent(board)}/${path}`, bridgeUrl(options.url));
  const answer = await post(url, { arguments: numbers }, options);
  const { detail, message } = (await answer.json().catch(() => ({}))) as { detail?: string; message?: string };
  if (!answer.ok) {
    // Without a token, or for a board that it does not know, the bridge has asked no board.
    const refused = [401, 403, 404].includes(answer.status)
      ? `the bridge refused ${name} of ${board}`
      : `${board} refused ${name}`;
    throw new UserError(`${refused}: ${detail ?? message ?? answer.statusText}`, exitCodes.unexpected);
  }
  process.stdout.write(`${board}: ${detail ?? 'done'}\n`);
}

/** What paths of the interface are relative to: a bridge may be below a path of another server. */
function bridgeUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new UserError(`--url ${url} is no address of a bridge; write it as http://127.0.0.1:8080`, exitCodes.usage);
  if (!parsed.pathname.endsWith('/')) parsed.pathname += '/';
  return parsed;
}

async function post(url: URL, body: object, options: Options): Promise<Response> {
  const token = options.token ?? process.env.TAUTLINE_HTTP_TOKEN;
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    });
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    throw new UserError(
      `no bridge answers at ${options.url} (${cause}); start one with "tautline start", or give --url`,
      exitCodes.unexpected,
    );
  }
}
