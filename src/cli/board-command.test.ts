import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { boardCommand } from './board-command.js';

/** A bridge that gives one answer to all. @returns its URL, and the paths that it was asked for */
async function answering(status: number, body: object = {}) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
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
    const { url, asked } = await answering(200, { detail: 'armed' });
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

test.each([
  [401, 'the bridge refused arm of pico'],
  [403, 'the bridge refused arm of pico'],
  [404, 'the bridge refused arm of pico'],
  [409, 'pico refused arm'],
])('says who refused: %i', async (status, text) => {
  const { url } = await answering(status, { detail: 'why' });
  await expect(boardCommand('pico', 'arm', [], { url })).rejects.toMatchObject({
    exitCode: 1,
    message: `${text}: why`,
  });
});
