import { exitCodes, UserError } from '../exit-codes.js';

interface Options {
  readonly url: string;
  readonly token?: string;
}

const REFUSED_BY_BOARD = 409;
/** Longer than the gateway waits itself: what became of the command it knows better. */
const ANSWER_MS = 8000;

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
  const { ok, detail, message }: Answer = (await answer.json().catch(() => null)) ?? {};
  if (!answer.ok) {
    const failure = failureOf(answer.status, board, name);
    throw new UserError(`${failure}: ${detail ?? message ?? answer.statusText}`, exitCodes.unexpected);
  }
  // Nobody is to take another server's page for a board that is safe.
  if (ok !== true) throw new UserError(`what answers at ${options.url} is no bridge`, exitCodes.unexpected);
  process.stdout.write(`${board}: ${detail ?? 'done'}\n`);
}

interface Answer {
  readonly ok?: boolean;
  readonly detail?: string;
  readonly message?: string;
}

function failureOf(status: number, board: string, name: string): string {
  if (status === REFUSED_BY_BOARD) return `${board} refused ${name}`;
  // Without a token, or for a board that it does not know, the bridge has asked no board.
  if ([400, 401, 403, 404].includes(status)) return `the bridge refused ${name} of ${board}`;
  return `${name} of ${board} failed`;
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
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    throw new UserError(
      `no bridge answers at ${options.url} (${cause}); start one with "tautline start", or give --url`,
      exitCodes.unexpected,
    );
  }
}
