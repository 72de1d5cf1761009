import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError, type ConfigSources, environmentName, loadConfig, settingKeys } from './config-load.js';

function load(toml: string, rest: Partial<ConfigSources> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'tautline.toml');
  writeFileSync(file, toml);
  return loadConfig({ file, environment: {}, set: [], ...rest });
}

describe('configuration', () => {
  it('has the documented defaults when nothing is set', () => {
    const { config, explicit } = load('');
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 8080 });
    expect(config.mqtt).toMatchObject({ url: '', embedded: true, port: 1883 });
    expect(config.boards).toEqual([]);
    expect(explicit).toEqual([]);
  });

  it('lets the environment win over the file, and --set over both', () => {
    const toml = '[http]\nport = 1111\n[mqtt]\nport = 2222\nstateHz = 5';
    const { config, explicit } = load(toml, {
      environment: { TAUTLINE_HTTP_PORT: '3333', TAUTLINE_MQTT_PORT: '4444', HOME: '/root' },
      set: ['mqtt.port=5555'],
    });
    expect(config.http.port).toBe(3333);
    expect(config.mqtt.port).toBe(5555);
    expect(config.mqtt.stateHz).toBe(5);
    expect(explicit).toEqual(expect.arrayContaining(['http.port', 'mqtt.port', 'mqtt.stateHz']));
  });

  it('refuses a section for something that the bridge does not have', () => {
    expect(() => load('[recorder]\ndir = "data"')).toThrow(/recorder: no such setting; known are http\.host/);
  });

  it('means the first board by board.*', () => {
    const { config } = load('', { environment: { TAUTLINE_BOARD_PATH: '/dev/ttyACM0' }, set: ['board.baud=115200'] });
    expect(config.boards).toEqual([
      { path: '/dev/ttyACM0', baud: 115_200, line: 'uart', encoding: 'auto', contract: {} },
    ]);
  });

  it('takes contracts of the first board by --set, over the file', () => {
    const { config } = load('[[boards]]\npath = "/dev/a"\n[boards.contract.control]\ndeadlineUs = 8000\nm = 3', {
      set: ['board.contract.control.deadlineUs=5000'],
    });
    expect(config.boards[0]?.contract.control).toEqual({ deadlineUs: 5000, m: 3 });
  });

  it('takes several boards and contracts from the file', () => {
    const { config } = load(
      '[[boards]]\nid = "a"\npath = "/dev/a"\n[boards.contract.control]\ndeadlineUs = 5000\n[[boards]]\npath = "/dev/b"',
    );
    expect(config.boards.map((board) => board.path)).toEqual(['/dev/a', '/dev/b']);
    expect(config.boards[0]?.contract).toEqual({ control: { deadlineUs: 5000 } });
  });

  it.each([
    ['[http]\nprot = 1', 'http.prot: no such setting; did you mean http.port?'],
    ['[http]\nport = 70000', 'http.port = 70000'],
    ['[http]\nport = "x"', 'http.port = "x"'],
    ['[[boards]]\nid = "Bad Id"\npath = "/dev/a"', '[[boards]] number 1: id = "Bad Id"'],
    ['[[boards]]\nid = "bridge"\npath = "/dev/a"', 'the id "bridge" is none for a board: it means something in topics'],
    ['[[boards]]\nid = "a"\npath = "/dev/a"\n[[boards]]\nid = "a"\npath = "/dev/b"', 'two boards have the id "a"'],
    [
      '[[boards]]\npath = "/dev/a"\n[boards.contract.control]\ndeadlineMs = 5',
      '[[boards]] number 1: contract.control.deadlineMs: no such setting',
    ],
    ['http = 8080', 'tautline.toml: http = 8080: it is a section; write [http] and its settings below'],
    ['boards = "x"', 'tautline.toml: boards = "x": write [[boards]] and the settings of a board below'],
    ['board = "x"', 'tautline.toml: [[boards]] number 1 = "x": write [[boards]]'],
    [
      '[[boards]]\npath = "/dev/a"\ncontract = 5',
      '[[boards]] number 1: contract = 5: write [boards.contract.<stream>]',
    ],
    [
      '[[boards]]\nid = "a"\npath = "/dev/a"\n[boards.contract]\ncontrol = 5',
      '[[boards]] "a": contract.control = 5: write [boards.contract.control]',
    ],
    [
      '[[boards]]\nid = "a"\npath = "/dev/x"\n[[boards]]\nid = "b"\npath = "/dev/x"',
      'boards "a" and "b" have the same path /dev/x; give each its own',
    ],
    [
      '[[boards]]\npath = "/dev/x"\n[[boards]]\nid = "b"\npath = "/dev/x"',
      'boards number 1 and "b" have the same path /dev/x',
    ],
    ['[http\nport', 'tautline.toml'],
    ['[http]\ncolour = 1', 'no such setting; known are http.host, http.port, http.token, http.origins'],
    ['[[boards]]\nbaud = 9600', '[[boards]] number 1 has no path: name its port'],
    ['[[boards]]\npath = "/dev/a"\n[[boards]]\nid = "b"\nbaud = 9600', '[[boards]] "b" has no path: name its port'],
  ])('refuses %j', (toml, message) => {
    expect(() => load(toml)).toThrow(message);
  });

  it.each([
    [
      { environment: { TAUTLINE_HTTP_PROT: '1' } },
      'TAUTLINE_HTTP_PROT is no setting; did you mean TAUTLINE_HTTP_PORT?',
    ],
    [{ set: ['http.prot=1'] }, 'did you mean http.port?'],
    [{ set: ['http.port'] }, 'expected key=value'],
    [{ set: ['http.port=abc'] }, '"abc" is not a number'],
    [{ set: ['board.path=/dev/a', 'board.baud=1'] }, '--set board.baud: [[boards]] number 1: baud = 1'],
    [{ set: ['board.contract.__proto__.m=1'] }, 'board.contract.__proto__.m: no such stream'],
    [{ set: ['board.contract.control.deadlineMs=1'] }, 'did you mean deadlineUs?'],
    [
      { environment: { TAUTLINE_BOARD_CONTRACT_CONTROL_DEADLINE_US: '1' } },
      '--set board.contract.<stream>.<key>=<value>',
    ],
    [{ set: ['mqtt.enabled=yes'] }, '"yes" is neither true nor false'],
    [{ file: '/nonexistent/tautline.toml' }, 'cannot read /nonexistent/tautline.toml'],
  ] as [Partial<ConfigSources>, string][])('refuses %j', (sources, message) => {
    expect(() => load('', sources)).toThrow(message);
    expect(() => load('', sources)).toThrow(ConfigError);
  });

  it.each([
    ['http = 8080', 'http.port=8081', 'http = 8080'],
    ['boards = "x"', 'board.baud=9600', 'boards = "x"'],
    ['board = 5', 'board.baud=9600', '[[boards]] number 1 = 5'],
    ['[[boards]]\npath = "/dev/a"\ncontract = 5', 'board.contract.control.m=1', 'contract = 5'],
    [
      '[[boards]]\npath = "/dev/a"\n[boards.contract]\ncontrol = 5',
      'board.contract.control.m=1',
      'contract.control = 5',
    ],
  ])('refuses %j also when --set %s would go into it', (toml, pair, message) => {
    expect(() => load(toml, { set: [pair] })).toThrow(message);
    expect(() => load(toml, { set: [pair] })).toThrow(ConfigError);
  });

  it.each([
    ['[mqtt]\npassword = 12345', /tautline\.toml: mqtt\.password: must be string$/],
    ['[http]\ntoken = 12345', /tautline\.toml: http\.token: must be string$/],
    ['[mqtt]\npassword = hunter2', /invalid value.*2: {2}password = …/s],
    ['[mqtt]\n"password" = "hunter2"\nport = x', /invalid value.*3: {2}port = x/s],
    ['http = { token = "hunter2", port = x }', /invalid value/],
  ])('never tells a secret: %j', (toml, message) => {
    expect(() => load(toml)).toThrow(message);
    expect(() => load(toml)).not.toThrow(/12345|hunter2/);
  });

  it('takes the same emulated board twice: each is one of its own', () => {
    const { config } = load('[[boards]]\npath = "emulated:pico"\n[[boards]]\npath = "emulated:pico"');
    expect(config.boards).toHaveLength(2);
  });

  it('gives every setting one name in the environment', () => {
    expect(environmentName('mqtt.stateHz')).toBe('TAUTLINE_MQTT_STATE_HZ');
    expect(new Set(settingKeys.map(environmentName)).size).toBe(settingKeys.length);
  });
});
