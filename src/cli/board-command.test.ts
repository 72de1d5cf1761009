import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { boardCommand } from './board-command.js';

/** A server that gives one answer to all. @returns its URL, and the paths that it was asked for */
async function answering(status: number, body: object | string = {}) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const silent = () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
};

test.each(['', '/', '/bridges/one', '/bridges/one/'])(
  'asks the same path whatever the URL ends with: "%s"',
  async (end) => {
    silent();
    const { url, asked } = await answering(200, { ok: true, detail: 'armed' });
    await boardCommand('pico', 'arm', [], { url: `${url}${end}` });
    expect(asked).toEqual([`${end.replace(/\/$/, '')}/api/boards/pico/arm`]);
  },
);

test.each(['host', 'host:8080', 'http://', 'mqtt://host'])(
  'an address that is none is refused with it: %s',
  async (url) => {
    await expect(boardCommand('pico', 'arm', [], { url })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`--url ${url} is no address of a bridge`),
    });
  },
);

test.each(['<!doctype html><title>Another server</title>', '{}', 'null'])(
  'what answers and is no bridge has done nothing: %s',
  async (body) => {
    silent();
    const { url } = await answering(200, body);
    await expect(boardCommand('pico', 'safe', [], { url })).rejects.toMatchObject({
      exitCode: 1,
      message: `what answers at ${url} is no bridge`,
    });
  },
);

test.each([
  [400, 'the bridge refused arm of pico'],
  [401, 'the bridge refused arm of pico'],
  [403, 'the bridge refused arm of pico'],
  [404, 'the bridge refused arm of pico'],
  [409, 'pico refused arm'],
  [429, 'arm of pico failed'],
  [502, 'arm of pico failed'],
  [504, 'arm of pico failed'],
])('says who refused: %i', async (status, text) => {
  const { url } = await answering(status, { detail: 'why' });
  await expect(boardCommand('pico', 'arm', [], { url })).rejects.toMatchObject({
    exitCode: 1,
    message: `${text}: why`,
  });
});
