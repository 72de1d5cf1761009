/**
 * A connection over plain HTTP that looks like a WebSocket: what comes is a response of server-sent events that does
 * not end, what is sent goes by POST, in order. It takes nothing but `fetch`.
 */
import type { WebSocketLike } from './transport.js';

/** Of a message that is still coming. The bridge sends none that is near it. */
const EVENT_CHARS_MAX = 16 * 1024 * 1024;
/** A request of more than 16 KiB is refused. A message that is larger alone is the bridge's to refuse. */
const POST_CHARS_MAX = 12 * 1024;

const states = { connecting: 0, open: 1, closed: 3 } as const;

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
  private readonly aborter = new AbortController();
  private readonly headers: Readonly<Record<string, string>>;
  private session = '';
  private readonly queue: string[] = [];
  private isPosting = false;

  /** @param url of the stream, `http://127.0.0.1:8080/socket/events?vsn=2.0.0`; it connects at once */
  constructor(
    private readonly url: URL,
    token = '',
  ) {
    this.headers = token === '' ? {} : { authorization: `Bearer ${token}` };
    void this.read();
  }

  send(data: string): void {
    this.queue.push(data);
    if (!this.isPosting) void this.post();
  }

  close(code = 1000, reason = ''): void {
    this.end(code, reason);
  }

  private async read(): Promise<void> {
    try {
      const { signal } = this.aborter;
      const response = await fetch(this.url, { headers: { ...this.headers, accept: 'text/event-stream' }, signal });
      if (!response.ok || response.body === null) throw new Error(await refusalOf(response));
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
    if (this.readyState === states.closed) return;
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
      while (this.queue.length > 0 && this.readyState === states.open) {
        const { signal } = this.aborter;
        const url = new URL(`events/${this.session}`, this.url);
        const headers = { ...this.headers, 'content-type': 'application/json' };
        const response = await fetch(url, { method: 'POST', headers, body: `[${this.takeNext().join(',')}]`, signal });
        if (!response.ok) throw new Error(await refusalOf(response));
      }
    } catch (error) {
      this.end(1006, `event stream: ${messageOf(error)}`);
    }
    this.isPosting = false;
  }

  private takeNext(): string[] {
    let count = 0;
    let chars = 0;
    do chars += this.queue[count++]!.length;
    while (count < this.queue.length && chars + this.queue[count]!.length < POST_CHARS_MAX);
    return this.queue.splice(0, count);
  }

  private end(code: number, reason: string): void {
    if (this.readyState === states.closed) return;
    this.readyState = states.closed;
    this.aborter.abort();
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
