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
  const answer = await post(
    `${options.url}/api/boards/${encodeURIComponent(board)}/${path}`,
    { arguments: numbers },
    options,
  );
  const { detail, message } = (await answer.json().catch(() => ({}))) as { detail?: string; message?: string };
  if (!answer.ok)
    throw new UserError(`${board} refused ${name}: ${detail ?? message ?? answer.statusText}`, exitCodes.unexpected);
  process.stdout.write(`${board}: ${detail ?? 'done'}\n`);
}

async function post(url: string, body: object, options: Options): Promise<Response> {
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
