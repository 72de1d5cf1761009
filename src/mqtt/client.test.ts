import { createServer, type Socket } from 'node:net';
import { generate, type IConnectPacket, type ISubscribePacket, type Packet, parser } from 'mqtt-packet';
import { afterEach, describe, expect, test } from 'vitest';
import { Backoff } from './backoff.js';
import { waitFor } from './broker.rig.js';
import { BrokerConnection, type Session } from './client.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A broker that does as it is told. @param handle of each CONNECT, in order */
async function scripted(
  handle: (connect: IConnectPacket, socket: Socket, nth: number) => void,
  subscribed: (subscribe: ISubscribePacket, socket: Socket) => void = () => undefined,
): Promise<string> {
  let nth = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    const reader = parser();
    reader.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') handle(packet, socket, nth++);
      else if (packet.cmd === 'subscribe') subscribed(packet, socket);
    });
    socket.on('data', (bytes) => reader.parse(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const accept = ({ protocolVersion }: IConnectPacket, socket: Socket) =>
  socket.write(generate({ cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent: false }, { protocolVersion }));

/** MQTT 3.1.1 section 3.1.2.2: return code 1, and the connection is closed. */
const refuseVersion = (socket: Socket) =>
  socket.end(generate({ cmd: 'connack', returnCode: 1, sessionPresent: false }, { protocolVersion: 4 }));

function connect(url: string, subscriptions: readonly string[] = []) {
  const ups: Session[] = [];
  const downs: string[] = [];
  const deaf: string[] = [];
  const options = {
    ...{ url, username: '', password: '', clientId: 'tautline-test', versions: [5, 4] as const, subscriptions },
    will: { topic: 'tautline/bridge/state', payload: 'offline' },
  };
  const handlers = {
    up: (session: Session) => ups.push(session),
    down: (text: string) => downs.push(text),
    acknowledged: () => undefined,
    message: () => undefined,
    deaf: (text: string) => deaf.push(text),
    takenOver: () => undefined,
  };
  const connection = new BrokerConnection(options, handlers, new Backoff(() => 0, 5));
  connection.start();
  cleanups.push(() => connection.stop([]));
  return { ups, downs, deaf };
}

describe('the version of MQTT', () => {
  test('that a broker refuses is no failure: the other is tried at once, and nobody told that it is away', async () => {
    const url = await scripted((packet, socket) =>
      packet.protocolVersion === 4 ? accept(packet, socket) : refuseVersion(socket),
    );
    const { ups, downs } = connect(url);
    await waitFor('a session', () => ups.length === 1);
    expect(ups[0]!.version).toBe(4);
    expect(downs).toEqual([]);
  });

  test.each([4, 5])('%i alone is found also after a proxy has hung up while the broker was away', async (only) => {
    for (let silent = 0; silent < 6; silent++) {
      const url = await scripted((packet, socket, nth) => {
        if (nth < silent) socket.end();
        else if (packet.protocolVersion === only) accept(packet, socket);
        else refuseVersion(socket);
      });
      const { ups } = connect(url);
      await waitFor(`a session after ${silent} silent ends`, () => ups.length === 1);
      expect(ups[0]!.version).toBe(only);
    }
  });

  test('that a broker has taken stays while a proxy hangs up in its place', async () => {
    const url = await scripted((packet, socket, nth) => {
      if (nth > 0 && nth < 7) socket.end();
      else accept(packet, socket);
      if (nth === 0) setImmediate(() => socket.end());
    });
    const { ups } = connect(url);
    await waitFor('the second session', () => ups.length === 2);
    expect(ups.map(({ version }) => version)).toEqual([5, 5]);
  });

  test('5 is asked for again after each session: a broker may have been renewed', async () => {
    let isOld = true;
    const url = await scripted((packet, socket) => {
      if (isOld && packet.protocolVersion === 5) return refuseVersion(socket);
      accept(packet, socket);
      if (isOld) setImmediate(() => socket.end());
      isOld = false;
    });
    const { ups } = connect(url);
    await waitFor('the second session', () => ups.length === 2);
    expect(ups.map(({ version }) => version)).toEqual([4, 5]);
  });

  test('of a broker that refuses both is said as it is, and tried again', async () => {
    const url = await scripted((packet, socket, nth) => (nth < 6 ? refuseVersion(socket) : accept(packet, socket)));
    const { ups, downs } = connect(url);
    await waitFor('a session', () => ups.length === 1);
    expect(new Set(downs)).toEqual(new Set([expect.stringMatching(/takes neither MQTT 5 nor 3\.1\.1$/)]));
  });
});

test.each([4, 5] as const)('topics that a broker of MQTT %i does not let us read are told', async (version) => {
  const url = await scripted(
    (packet, socket) => (packet.protocolVersion === version ? accept(packet, socket) : refuseVersion(socket)),
    ({ messageId }, socket) =>
      socket.write(
        generate(
          { cmd: 'suback', messageId: messageId!, granted: [0, version === 5 ? 0x87 : 0x80] },
          { protocolVersion: version },
        ),
      ),
  );
  const { deaf, downs } = connect(url, ['tautline/bridge/state', 'tautline/+/availability']);
  await waitFor('the word', () => deaf.length === 1);
  expect(deaf[0]).toContain(' does not let us read tautline/+/availability:');
  expect(downs).toEqual([]);
});
