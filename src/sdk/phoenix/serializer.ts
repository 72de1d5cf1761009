/**
 * Messages of the Phoenix Channels protocol, version 2, as text and as binary WebSocket payloads. Pure, and shared by
 * both ends: the gateway decodes what clients encode, and the other way round.
 *
 * Text is a JSON array `[joinRef, ref, topic, event, payload]`. Binary is a kind byte, one size byte per header field,
 * the fields in UTF-8, then the payload to the end. Layouts as in Phoenix's own `assets/js/phoenix/serializer.js`.
 */

export interface PhoenixMessage {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  /** A JSON value, or the bytes of a binary message. */
  readonly payload: unknown;
}

/** First byte of a binary message. */
const binaryKinds = { push: 0, reply: 1, broadcast: 2 } as const;

export const PROTOCOL_VSN = '2.0.0';
export const events = {
  join: 'phx_join',
  leave: 'phx_leave',
  reply: 'phx_reply',
  error: 'phx_error',
  close: 'phx_close',
  heartbeat: 'heartbeat',
} as const;
/** The topic of the socket itself. */
export const SOCKET_TOPIC = 'phoenix';

const FIELD_BYTES_MAX = 255;
const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true });

export function encodeText(message: PhoenixMessage): string {
  return JSON.stringify([message.joinRef, message.ref, message.topic, message.event, message.payload]);
}

/** A reply to the push `ref`. `status` is `ok` or `error`. */
export function encodeReply(
  joinRef: string | null,
  ref: string | null,
  topic: string,
  status: 'ok' | 'error',
  response: unknown,
): string {
  return encodeText({ joinRef, ref, topic, event: events.reply, payload: { status, response } });
}

/** The message in a text payload, or undefined when it is none. Never throws. */
export function decodeText(text: string): PhoenixMessage | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed) || parsed.length !== 5) return undefined;
  const [joinRef, ref, topic, event, payload] = parsed as unknown[];
  if (!isRef(joinRef) || !isRef(ref) || typeof topic !== 'string' || typeof event !== 'string') return undefined;
  return { joinRef, ref, topic, event, payload };
}

function isRef(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

/** Client -> server: kind, sizes of joinRef, ref, topic and event, the four, payload. */
export function encodeBinaryPush(
  joinRef: string,
  ref: string,
  topic: string,
  event: string,
  payload: Uint8Array,
): Uint8Array {
  return encodeBinary(binaryKinds.push, [joinRef, ref, topic, event], payload);
}

/** Server -> client: kind, sizes of joinRef, ref, topic and status, the four, payload. */
export function encodeBinaryReply(
  joinRef: string,
  ref: string,
  topic: string,
  status: 'ok' | 'error',
  payload: Uint8Array,
): Uint8Array {
  return encodeBinary(binaryKinds.reply, [joinRef, ref, topic, status], payload);
}

/** Kind, sizes of topic and event, the two. No refs, so one header serves every subscriber; the payload follows it. */
export function broadcastHeader(topic: string, event: string): Uint8Array {
  return encodeBinary(binaryKinds.broadcast, [topic, event], new Uint8Array(0));
}

function encodeBinary(kind: number, fields: readonly string[], payload: Uint8Array): Uint8Array {
  const encoded = fields.map((field) => utf8Encoder.encode(field));
  for (const [i, field] of encoded.entries()) {
    if (field.length > FIELD_BYTES_MAX)
      throw new RangeError(`"${fields[i]}" has ${field.length} bytes; a field of a binary message has at most 255`);
  }
  const headerBytes = 1 + encoded.length + encoded.reduce((sum, field) => sum + field.length, 0);
  const out = new Uint8Array(headerBytes + payload.length);
  out[0] = kind;
  let at = 1;
  for (const field of encoded) out[at++] = field.length;
  for (const field of encoded) {
    out.set(field, at);
    at += field.length;
  }
  out.set(payload, at);
  return out;
}

/** A push as the server reads it. Undefined when the bytes are no push. Never throws. */
export function decodeBinaryPush(bytes: Uint8Array): PhoenixMessage | undefined {
  const fields = decodeFields(bytes, binaryKinds.push, 4);
  if (fields === undefined) return undefined;
  const [joinRef, ref, topic, event] = fields.texts as [string, string, string, string];
  return { joinRef: joinRef || null, ref: ref || null, topic, event, payload: fields.payload };
}

/** Whatever a server sends, as the client reads it: a push (without ref), a reply, or a broadcast. Never throws. */
export function decodeBinaryFromServer(bytes: Uint8Array): PhoenixMessage | undefined {
  const broadcast = decodeFields(bytes, binaryKinds.broadcast, 2);
  if (broadcast !== undefined) {
    const [topic, event] = broadcast.texts as [string, string];
    return { joinRef: null, ref: null, topic, event, payload: broadcast.payload };
  }
  const push = decodeFields(bytes, binaryKinds.push, 3);
  if (push !== undefined) {
    const [joinRef, topic, event] = push.texts as [string, string, string];
    return { joinRef, ref: null, topic, event, payload: push.payload };
  }
  const reply = decodeFields(bytes, binaryKinds.reply, 4);
  if (reply === undefined) return undefined;
  const [joinRef, ref, topic, status] = reply.texts as [string, string, string, string];
  return { joinRef, ref, topic, event: events.reply, payload: { status, response: reply.payload } };
}

function decodeFields(
  bytes: Uint8Array,
  kind: number,
  count: number,
): { texts: string[]; payload: Uint8Array } | undefined {
  if (bytes[0] !== kind || bytes.length < 1 + count) return undefined;
  const texts: string[] = [];
  let at = 1 + count;
  for (let i = 0; i < count; i++) {
    const end = at + bytes[1 + i]!;
    if (end > bytes.length) return undefined;
    try {
      texts.push(utf8Decoder.decode(bytes.subarray(at, end)));
    } catch {
      return undefined;
    }
    at = end;
  }
  return { texts, payload: bytes.subarray(at) };
}
