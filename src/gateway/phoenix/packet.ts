/**
 * WebSocket frames from server to client (RFC 6455, 5.2): final, unmasked, not compressed. Built once and written to
 * every subscriber's socket as they are, which is what makes a message to a hundred clients one encoding.
 */
import { encodeText } from '../../sdk/phoenix/serializer.js';

const FINAL = 0x80;
const opcodes = { text: 0x1, binary: 0x2 } as const;
const utf8 = new TextEncoder();

/** A whole text message, framed. */
export function frameText(text: string): Uint8Array {
  const payload = utf8.encode(text);
  const out = open(opcodes.text, payload.length);
  out.set(payload, out.length - payload.length);
  return out;
}

/** What a topic tells everybody who has joined it, framed. */
export function broadcastText(topic: string, event: string, payload: unknown): Uint8Array {
  return frameText(encodeText({ joinRef: null, ref: null, topic, event, payload }));
}

/** A binary message that begins with `header`; the caller writes its last `bytes`, up to the packet's end. */
export function openBinary(header: Uint8Array, bytes: number): Uint8Array {
  const out = open(opcodes.binary, header.length + bytes);
  out.set(header, out.length - bytes - header.length);
  return out;
}

/** What a packet of this module says, for a connection that is no WebSocket: a view, not a copy. */
export function unframe(packet: Uint8Array): { readonly isText: boolean; readonly payload: Uint8Array } {
  const size = packet[1]!;
  const head = size < 126 ? 2 : size === 126 ? 4 : 10;
  return { isText: packet[0] === (FINAL | opcodes.text), payload: packet.subarray(head) };
}

/** The head of a message of `length` bytes, with room for them behind it. */
function open(opcode: number, length: number): Buffer {
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const out = Buffer.allocUnsafe(head + length);
  out[0] = FINAL | opcode;
  if (head === 2) out[1] = length;
  else if (head === 4) {
    out[1] = 126;
    out.writeUInt16BE(length, 2);
  } else {
    out[1] = 127;
    out.writeUIntBE(0, 2, 4);
    out.writeUInt32BE(length, 6);
  }
  return out;
}
