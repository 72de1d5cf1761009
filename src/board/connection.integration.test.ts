import { afterEach, describe, expect, it } from 'vitest';
import { Connection } from './connection.js';
import { PtyLine, until } from './testing/pty-line.js';

interface Heard {
  text: string;
  opens: number;
  reasons: (string | undefined)[];
  failures: string[];
}

function connect(path: string, retryFatal = false): { connection: Connection; heard: Heard } {
  const heard: Heard = { text: '', opens: 0, reasons: [], failures: [] };
  const connection = new Connection(
    { name: path, baud: 921_600, resolve: async () => path, retryFatal: () => retryFatal },
    {
      opened: () => {
        heard.opens++;
      },
      chunk: (bytes) => {
        heard.text += Buffer.from(bytes).toString('latin1');
      },
      closed: (reason) => heard.reasons.push(reason?.code),
      failed: (error) => heard.failures.push(`${error.code} ${error.message}`),
    },
  );
  connection.open();
  return { connection, heard };
}

describe('a connection to a real port', () => {
  const cleanups: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function newLine(onData?: (bytes: Buffer) => void): Promise<PtyLine> {
    const line = await PtyLine.open(onData);
    cleanups.push(() => line.close());
    return line;
  }

  function follow(path: string, retryFatal?: boolean) {
    const made = connect(path, retryFatal);
    cleanups.push(() => made.connection.close());
    return made;
  }

  it('survives being unplugged and plugged in again, three times, as another device behind the same link', async () => {
    const line = await newLine();
    const { connection, heard } = follow(line.path);
    for (let i = 1; i <= 3; i++) {
      await until(() => heard.opens === i);
      line.write(`boot ${i}\n`);
      await until(() => heard.text.endsWith(`boot ${i}\n`));
      await line.unplug();
      await until(() => heard.reasons.length === i);
      await line.replug();
    }
    await until(() => heard.opens === 4);
    expect(heard.reasons).toEqual(['PORT_HANGUP', 'PORT_HANGUP', 'PORT_HANGUP']);
    expect(connection.state).toBe('waiting');
  });

  it('notices that the path leads to another device now, though the old one never hung up', async () => {
    const old = await newLine();
    const next = await newLine();
    const { heard } = follow(old.path);
    await until(() => heard.opens === 1);
    const { rm, symlink, readlink } = await import('node:fs/promises');
    const device = await readlink(next.path);
    await rm(old.path);
    await symlink(device, old.path);
    await until(() => heard.opens === 2);
    expect(heard.reasons).toEqual(['PORT_SILENT']);
    next.write('here');
    await until(() => heard.text === 'here');
  });

  it('says that it has a port itself, and takes it over when it is free', async () => {
    const line = await newLine();
    const first = follow(line.path);
    await until(() => first.heard.opens === 1);
    const second = follow(line.path, true);
    await until(() => second.heard.failures.length > 0);
    expect(second.heard.failures[0]).toMatch(/^PORT_IN_USE .* this bridge has it already/);
    await first.connection.close();
    await until(() => second.heard.opens === 1);
  });

  it('says what it found when the path is no port', async () => {
    const directory = follow('/tmp');
    const device = follow('/dev/null');
    await until(() => directory.heard.failures.length === 1 && device.heard.failures.length === 1);
    expect(directory.heard.failures[0]).toMatch(/^PORT_NOT_TTY \/tmp is a directory/);
    expect(device.heard.failures[0]).toMatch(/^PORT_NOT_TTY \/dev\/null is a device that is no terminal/);
  });
});
