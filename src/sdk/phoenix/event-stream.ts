/**
 * A connection over plain HTTP that looks like a WebSocket: what comes is a response of server-sent events that does
 * not end, what is sent goes by POST, in order. It takes nothing but `fetch`.
 */
import type { WebSocketLike } from './transport.js';

const EVENT_STREAM = 'text/event-stream';
/** Of a message that is still coming. The bridge sends none that is near it. */
const EVENT_CHARS_MAX = 16 * 1024 * 1024;
/** A request of more than 16 KiB is refused. A message that is larger alone is the bridge's to refuse. */
const POST_CHARS_MAX = 12 * 1024;

/** What waits to be sent, messages: more is a way that takes nothing. */
const QUEUE_MAX = 256;
/** How long the bridge may take to take messages. Then the stream is given up, and what waits with it: a command must not be carried out long after it was given. */
const POST_MS = 5000;
/** Between two requests: what is said meanwhile goes together. */
const POST_INTERVAL_MS = 50;
/** For what was said just before an orderly end. */
const GOODBYE_MS = 2000;

const states = { connecting: 0, open: 1, closing: 2, closed: 3 } as const;

/** Finds the events in a stream of text, whatever its pieces. Comments and fields that are not used are passed over. */
export class EventParser {
  private rest = '';
  private name = '';
  private data = '';

  constructor(private readonly onEvent: (name: string, data: string) => void) {}

  /** @throws Error when an event is longer than any of the bridge's */
  feed(text: string): void {
    let from = 0;
    let to = text.indexOf('\n');
    if (to >= 0) to += this.rest.length;
    this.rest += text;
    for (; to >= 0; to = this.rest.indexOf('\n', from)) {
      this.line(this.rest.slice(from, to).replace(/\r$/, ''));
      from = to + 1;
    }
    this.rest = this.rest.slice(from);
    if (this.rest.length + this.data.length > EVENT_CHARS_MAX) throw new Error('an event without an end');
  }

  private line(line: string): void {
    const value = line.slice(line.indexOf(':') + 1).replace(/^ /, '');
    if (line.startsWith('data:')) this.data += `${value}\n`;
    else if (line.startsWith('event:')) this.name = value;
    else if (line === '') {
      const { name, data } = this;
      this.name = '';
      this.data = '';
      if (data !== '') this.onEvent(name, data.slice(0, -1));
    }
  }
}

export class EventStreamSocket implements WebSocketLike {
  binaryType = 'arraybuffer';
  readyState: number = states.connecting;
  onopen: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  private readonly stream = new AbortController();
  private readonly headers: Readonly<Record<string, string>>;
  private session = '';
  private readonly queue: string[] = [];
  private isPosting = false;
  private posting = new AbortController();
  private goodbyeTimer: ReturnType<typeof setTimeout> | undefined;
  private postedMs = Number.NEGATIVE_INFINITY;

  /** @param url of the stream, `http://127.0.0.1:8080/socket/events?vsn=2.0.0`; it connects at once */
  constructor(
    private readonly url: URL,
    token = '',
  ) {
    this.headers = token === '' ? {} : { authorization: `Bearer ${token}` };
    void this.read();
  }

  send(data: string): void {
    if (this.readyState !== states.open) return;
    if (this.queue.length >= QUEUE_MAX) {
      this.end(1006, `event stream: ${QUEUE_MAX} messages wait to be sent`);
      return;
    }
    this.queue.push(data);
    if (!this.isPosting) void this.post();
  }

  /** Before an orderly end (1000) what was said is sent; the bridge forgets this client with the stream, so that ends last. */
  close(code = 1000, reason = ''): void {
    if (code !== 1000 || !this.isPosting || this.readyState !== states.open) {
      this.end(code, reason);
      return;
    }
    this.readyState = states.closing;
    this.goodbyeTimer = setTimeout(() => this.end(code, reason), GOODBYE_MS);
  }

  private async read(): Promise<void> {
    try {
      const headers = { ...this.headers, accept: EVENT_STREAM };
      const response = await fetch(this.url, { headers, signal: this.stream.signal });
      if (!response.ok || response.body === null) throw new Error(await refusalOf(response));
      const type = response.headers.get('content-type') ?? '';
      if (!type.startsWith(EVENT_STREAM)) throw new Error(`what answers is not the bridge: it sends "${type}"`);
      const parser = new EventParser((name, data) => this.event(name, data));
      const text = new TextDecoder();
      const reader = response.body.getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read())
        parser.feed(text.decode(piece.value, { stream: true }));
      this.end(1006, 'the event stream ended');
    } catch (error) {
      this.end(1006, `event stream: ${messageOf(error)}`);
    }
  }

  private event(name: string, data: string): void {
    if (this.readyState >= states.closing) return;
    if (name === 'open') {
      this.session = (JSON.parse(data) as { session: string }).session;
      this.readyState = states.open;
      this.onopen?.({} as never);
    } else if (name === 'close') {
      const { code, reason } = JSON.parse(data) as { code: number; reason: string };
      this.end(code, reason);
    } else if (name === 'binary') this.onmessage?.({ data: bytesOf(data).buffer } as never);
    else if (name === '') this.onmessage?.({ data } as never);
  }

  /** One request at a time: two could overtake each other. What is said meanwhile goes with the next. */
  private async post(): Promise<void> {
    this.isPosting = true;
    try {
      // In the same turn there may be more to say.
      await Promise.resolve();
      while (this.queue.length > 0 && this.readyState !== states.closed) {
        const waitMs = this.postedMs + POST_INTERVAL_MS - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        this.postedMs = performance.now();
        await this.postNext();
      }
    } catch (error) {
      this.end(1006, `event stream: ${messageOf(error)}`);
    }
    this.isPosting = false;
    if (this.readyState === states.closing) this.end(1000, '');
  }

  private async postNext(): Promise<void> {
    const messages = this.takeNext();
    if (messages.length === 0) return;
    this.posting = new AbortController();
    const timer = setTimeout(() => this.posting.abort(new Error(`not taken within ${POST_MS / 1e3} s`)), POST_MS);
    const response = await fetch(new URL(`events/${this.session}`, this.url), {
      method: 'POST',
      headers: { ...this.headers, 'content-type': 'application/json' },
      body: `[${messages.join(',')}]`,
      // The page of a login would be an answer, too.
      redirect: 'error',
      keepalive: true,
      signal: this.posting.signal,
    }).finally(() => clearTimeout(timer));
    if (response.status !== 204) throw new Error(await refusalOf(response));
  }

  private takeNext(): string[] {
    let count = 0;
    let chars = 0;
    while (count < this.queue.length && (count === 0 || chars + this.queue[count]!.length < POST_CHARS_MAX))
      chars += this.queue[count++]!.length;
    return this.queue.splice(0, count);
  }

  private end(code: number, reason: string): void {
    if (this.readyState === states.closed) return;
    this.readyState = states.closed;
    clearTimeout(this.goodbyeTimer);
    this.queue.length = 0;
    this.posting.abort();
    this.stream.abort();
    this.onclose?.({ code, reason } as never);
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** What the bridge says, or whoever is in its place. */
async function refusalOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  try {
    return (JSON.parse(text) as { message: string }).message;
  } catch {
    return `${response.status} ${response.statusText}`.trim();
  }
}

/** `fetch` says "fetch failed", and the reason below it. */
function messageOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? String(error);
}
