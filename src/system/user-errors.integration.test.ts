/** What users get wrong, and what they read then: one message with the remedy and the documented exit code, or a visible retry. */
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { PtyLine } from '../board/testing/pty-line.js';
import { sampleDescriptor } from '../board/testing/scripted-board.js';
import { crc32 } from '../codec/crc32.js';
import { encodeText } from '../codec/encode.js';
import { toHex } from '../codec/hex.js';
import { EmbeddedBroker } from '../mqtt/broker.js';
import type { OutletState } from '../outlet.js';
import { BridgeProcess, type BridgeSettings, cli, Program } from './bridge.rig.js';
import { scriptedLine } from './scripted-line.rig.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function bridge(settings: BridgeSettings): BridgeProcess {
  const process = BridgeProcess.start(settings);
  closers.push(() => process.dispose());
  return process;
}

const set = (...pairs: string[]) => pairs.flatMap((pair) => ['--set', pair]);

/** Runs until it ends by itself. */
async function outcome(settings: BridgeSettings): Promise<{ code: number | null; errors: string[]; stderr: string }> {
  const process = bridge(settings);
  const { code } = await process.exit;
  const errors = process.stderr.split('\n').filter((line) => line.startsWith('tautline: '));
  return { code, errors, stderr: process.stderr };
}

async function listening(host = '127.0.0.1', port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return { server, port: (server.address() as { port: number }).port };
}

async function pty(): Promise<PtyLine> {
  const line = await PtyLine.open();
  closers.push(() => line.close());
  return line;
}

describe('settings', () => {
  test.each<[string, BridgeSettings, string[]]>([
    ['an unknown setting', { args: set('http.prot=1') }, ['http.prot: no such setting', 'did you mean http.port?']],
    ['a value of the wrong type', { args: set('feed.seconds=long') }, ['feed.seconds', '"long" is not a number']],
    ['a value out of range', { args: set('mqtt.port=70000') }, ['mqtt.port = 70000', '65535']],
    ['an unknown variable', { env: { TAUTLINE_HTTP_PROT: '1' } }, ['TAUTLINE_HTTP_PROT', 'TAUTLINE_HTTP_PORT?']],
    ['a file that is not there', { args: ['--config', 'none.toml'] }, ['none.toml', '--config']],
    ['a board without a port', { args: set('board.baud=9600') }, ['has no path', '/dev/ttyACM0']],
    ['an emulated board that there is not', { args: set('board.path=emulated:esp32') }, ['"esp32"', 'pico', 'uno']],
    ['a broker that is no URL', { args: set('mqtt.url=broker') }, ['mqtt.url', 'mqtt://host:1883']],
    [
      'an open address without a token',
      { args: set('http.host=0.0.0.0') },
      ['http.token', 'TAUTLINE_HTTP_TOKEN', '127.0.0.1'],
    ],
  ])('%s: exit code 2', async (_, settings, words) => {
    const { code, errors } = await outcome(settings);
    expect(code).toBe(2);
    expect(errors).toHaveLength(1);
    for (const word of words) expect(errors[0]).toContain(word);
  });

  test('a file that is no TOML is named with the place: exit code 2', async () => {
    const folder = await pty();
    const file = join(folder.path, '..', 'broken.toml');
    writeFileSync(file, '[http]\nport = 8080\n[mqtt\n');
    const { code, stderr } = await outcome({ args: ['--config', file] });
    expect(code).toBe(2);
    expect(stderr).toContain(`tautline: ${file}: Invalid TOML`);
    expect(stderr).toMatch(/3: {2}\[mqtt/);
  });

  test('more boards than one bridge takes: exit code 2, and how many it takes', async () => {
    const folder = await pty();
    const file = join(folder.path, '..', 'many.toml');
    writeFileSync(file, '[[boards]]\npath = "emulated:pico"\n'.repeat(65));
    const { code, errors } = await outcome({ args: ['--config', file] });
    expect(code).toBe(2);
    expect(errors).toEqual([expect.stringMatching(/there are 65 \[\[boards\]\]: one bridge takes at most 64/)]);
  });

  test.each([[['start', '--bogus']], [['strat']], [[]]])('usage %j: exit code 2, and where to look', async (args) => {
    const program = new Program(process.execPath, [cli, ...args]);
    expect((await program.exit).code).toBe(2);
    expect(program.stderr).toContain('--help');
  });
});

describe('ports', () => {
  test('one that does not exist is waited for, visibly, and opened when it comes', async () => {
    const line = await pty();
    await line.unplug();
    const tautline = bridge({ args: set(`board.path=${line.path}`) });
    await tautline.says(/No port at .*tautline ports.* Trying again/);
    await tautline.url();
    await line.replug();
    await tautline.says(/ is open/);
    expect(await tautline.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  test('one that does not exist, with --once: exit code 3', async () => {
    const { code, errors } = await outcome({ args: [...set('board.path=/dev/ttyNONE'), '--once'] });
    expect(code).toBe(3);
    expect(errors).toEqual([
      'tautline: No port at /dev/ttyNONE. Plug the board in, or list the ports with `tautline ports`.',
    ]);
  });

  test('that cannot be listed, because there is no udevadm: what to install; exit code 3', async () => {
    const program = new Program(process.execPath, [cli, 'ports'], { env: { PATH: '/nonexistent' } });
    expect((await program.exit).code).toBe(3);
    expect(program.stderr).toMatch(/^tautline: the ports cannot be listed: .*apt-get install udev.* path\n$/);
  });

  test.each(['/etc/passwd', '/dev/null', '/tmp'])('%s is no port: exit code 3', async (path) => {
    const { code, errors } = await outcome({ args: set(`board.path=${path}`) });
    expect(code).toBe(3);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(new RegExp(`${path} is .*not a serial port.*tautline ports`));
  });

  test('one that another bridge has: exit code 3, and who has it; the first goes on', async () => {
    const line = await pty();
    const first = bridge({ args: set(`board.path=${line.path}`) });
    await first.says(/ is open/);
    const { code, errors } = await outcome({ args: set(`board.path=${line.path}`) });
    expect(code).toBe(3);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(new RegExp(`in use by process ${first.pid} .*kill ${first.pid}`));
    expect(first.stderr).not.toContain('hung up');
  });

  test.runIf(process.getuid?.() === 0)(
    'one that the user may not open: exit code 3, and the group to join',
    async () => {
      const line = await pty();
      chmodSync(line.path, 0o600);
      chmodSync(join(line.path, '..'), 0o755);
      const { code, errors } = await outcome({
        args: set(`board.path=${line.path}`),
        wrapper: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      });
      expect(code).toBe(3);
      expect(errors).toHaveLength(1);
      expect(errors[0]).toMatch(/No permission to open .*sudo usermod -aG \w+ \$USER/);
    },
  );

  test('beside another board, one that is refused is an alarm and a retry', async () => {
    const folder = await pty();
    const file = join(folder.path, '..', 'two.toml');
    writeFileSync(file, '[[boards]]\npath = "emulated:pico"\n[[boards]]\nid = "second"\npath = "/etc/passwd"\n');
    const tautline = bridge({ args: ['--config', file] });
    await tautline.says(/ALARM {2}second: \/etc\/passwd is a file, not a serial port/);
    await tautline.says(/second {2}gone: .* Trying again/);
    await tautline.streams();
    expect(await tautline.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  test('the wrong baud rate is an alarm that names the usual ones, and stays until the bytes make sense', async () => {
    const line = await pty();
    const noise = setInterval(
      () => line.write(Uint8Array.from({ length: 400 }, () => 0x80 + Math.random() * 0x78)),
      50,
    );
    closers.push(() => clearInterval(noise));
    const tautline = bridge({ args: set(`board.path=${line.path}`, 'board.baud=57600') });
    await tautline.says(/ALARM {2}board-1: \d+ bytes came .* at 57600 baud.*Usual ones: 115200.*--set board\.baud=/);
  });
});

describe('network', () => {
  test('an HTTP port that is taken: exit code 2, and how to take another', async () => {
    const { port } = await listening();
    const { code, errors } = await outcome({ args: set(`http.port=${port}`) });
    expect(code).toBe(2);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`port ${port} on 127.0.0.1 is in use`);
    expect(errors[0]).toContain(`--set http.port=${port + 1}`);
  });

  test('an MQTT port that was asked for and is taken: exit code 2', async () => {
    const { port } = await listening();
    const { code, errors } = await outcome({ args: set(`mqtt.port=${port}`) });
    expect(code).toBe(2);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`${port}`);
    expect(errors[0]).toMatch(/in use.*mqtt\.port/);
  });

  test('the default MQTT port, when it is taken, makes room and says so', async () => {
    // Taken by us, or by whoever has it already: both are a busy default.
    await listening('127.0.0.1', 1883).catch(() => {});
    const tautline = bridge({ ports: ['--set', 'http.port=0'] });
    await tautline.says(/port 1883 .*in use/);
    expect(await tautline.brokerUrl()).not.toMatch(/:1883$/);
  });

  test('a broker that does not answer is tried again, visibly, and is why the bridge is not ready', async () => {
    const { server, port } = await listening();
    await new Promise((resolve) => server.close(resolve));
    const tautline = bridge({ args: set(`mqtt.url=mqtt://127.0.0.1:${port}`) });
    await tautline.says(/no connection to the MQTT broker at 127\.0\.0\.1:\d+: nothing listens there.*trying again/);
    const answer = await fetch(`${await tautline.url()}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('nothing listens there');
    await tautline.streams();
  });

  test('a bridge that has not reached its broker yet is not ready', async () => {
    const { server, port } = await listening();
    server.on('connection', (socket) => closers.push(() => socket.destroy()));
    const tautline = bridge({ args: set(`mqtt.url=mqtt://127.0.0.1:${port}`) });
    const url = await tautline.url();
    const mqtt = await vi.waitFor(
      async () => {
        const { outlets } = (await (await fetch(`${url}/readyz`)).json()) as { outlets: OutletState[] };
        const found = outlets.find(({ name }) => name === 'mqtt');
        expect(found?.detail).not.toBe('starting');
        return found;
      },
      { timeout: 45_000, interval: 20 },
    );
    expect(mqtt).toMatchObject({ up: false, detail: expect.stringContaining(`127.0.0.1:${port}`) });
  });

  test('a broker that does not answer, with --once: exit code 4', async () => {
    const { server, port } = await listening();
    await new Promise((resolve) => server.close(resolve));
    const { code, errors } = await outcome({ args: [...set(`mqtt.url=mqtt://127.0.0.1:${port}`), '--once'] });
    expect(code).toBe(4);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`no connection to the MQTT broker at 127.0.0.1:${port}`);
  });

  test('a broker that speaks MQTT 3.1.1 alone is not away, with --once', async () => {
    const broker = await EmbeddedBroker.start({
      ...{ port: 0, portIsExplicit: true, username: '', password: '', warn: () => undefined },
    });
    closers.push(() => broker.stop());
    const tautline = bridge({ args: [...set(`mqtt.url=mqtt://127.0.0.1:${broker.port}`), '--once'] });
    await tautline.says(/mqtt: connected to .*, MQTT 3\.1\.1/);
  });

  test('a command without a bridge names the address and how to start one', () => {
    const { status, stderr } = spawnSync(process.execPath, [cli, 'arm', 'pico', '--url', 'http://127.0.0.1:1'], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^tautline: no bridge answers at http:\/\/127\.0\.0\.1:1 .*tautline start/);
  });
});

test('a contract that the board does not offer: an alarm with both values, and a board that is refused, not streaming', async () => {
  const { line } = await scriptedLine({ descriptor: JSON.stringify(sampleDescriptor) });
  closers.push(() => line.close());
  const file = join(line.path, '..', 'looser.toml');
  const [{ name, contract }] = sampleDescriptor.streams;
  const deadlineUs = contract.deadlineUs + 1;
  writeFileSync(
    file,
    `[[boards]]\npath = "${line.path}"\nencoding = "text"\n[boards.contract.${name}]\ndeadlineUs = ${deadlineUs}\n`,
  );
  const tautline = bridge({ args: ['--config', file] });
  await tautline.says(new RegExp(`board refused: .*${deadlineUs} is looser than the ${contract.deadlineUs}`));
  await tautline.says(/ {2}refused/);
  const boards = (await (await fetch(`${await tautline.url()}/api/boards`)).json()) as { id: string }[];
  expect(boards).toMatchObject([{ name: sampleDescriptor.name, status: 'refused' }]);
  expect(boards[0]!.id).not.toBe('board-1');
  const shown = await fetch(`${await tautline.url()}/api/boards/${boards[0]!.id}`);
  expect(await shown.json()).toMatchObject({ alarms: [{ id: 'refused', text: expect.stringContaining('looser') }] });
  const metrics = await (await fetch(`${await tautline.url()}/metrics`)).text();
  expect(metrics).toContain(`tautline_refused_board_frames_total{board="${boards[0]!.id}"}`);
});

test('firmware whose messages are not as the protocol has them, or a line that echoes: counted by why', async () => {
  const line = await pty();
  const tautline = bridge({ args: set(`board.path=${line.path}`, 'board.encoding=text') });
  await tautline.says(/is open/);
  for (const body of ['ACK,0000,01', 'FUTURE,01', 'FUTURE,02'])
    line.write(`$${body}*${toHex(crc32(new TextEncoder().encode(body)), 8)}\n`);
  for (let k = 0; k < 3; k++) line.write(encodeText({ name: 'hello', protocolMin: 1, protocolMax: 1, hostNonce: k }));
  const url = `${await tautline.url()}/metrics`;
  const ignored = async () => {
    const text = await (await fetch(url)).text();
    return Object.fromEntries(
      [...text.matchAll(/^tautline_messages_ignored_total\{.*why="(\w+)"\} (\d+)$/gm)].map(([, why, n]) => [
        why,
        Number(n),
      ]),
    );
  };
  await vi.waitFor(async () => expect(await ignored()).toEqual({ malformed: 1, unknown: 2, echoed: 3 }), {
    timeout: 45_000,
    interval: 200,
  });
});

describe('a board that lies', () => {
  const [stream] = sampleDescriptor.streams;
  test.each<[string, object, RegExp]>([
    ['the name of a stream is a topic of its own', { streams: [{ ...stream, name: '../../bridge/state' }] }, /name/],
    [
      'a signal is called like a wildcard',
      { streams: [{ ...stream, signals: [{ ...stream.signals[0], name: '#' }] }] },
      /name/,
    ],
    [
      'a unit moves the cursor',
      { streams: [{ ...stream, signals: [{ ...stream.signals[0], unit: '\u001b[2J' }] }] },
      /unit/,
    ],
    ['its id is taken from the prototype', { id: '__proto__' }, /id/],
  ])('is refused with an alarm that says why: %s', async (_, changes, why) => {
    const { line } = await scriptedLine({ descriptor: JSON.stringify({ ...sampleDescriptor, ...changes }) });
    closers.push(() => line.close());
    const tautline = bridge({ args: set(`board.path=${line.path}`, 'board.encoding=text') });
    const [text] = await tautline.says(/ALARM {2}board-1: board refused: .*/);
    expect(text).toMatch(why);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not reach a terminal
    expect(tautline.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    const boards = await (await fetch(`${await tautline.url()}/api/boards`)).json();
    expect(boards).toMatchObject([{ id: 'board-1', status: 'refused' }]);
  });
});
