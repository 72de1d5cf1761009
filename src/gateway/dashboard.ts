import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { Http } from './http.js';

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tautline</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:40rem;padding:0 1rem}</style>
<h1>Tautline runs</h1><p>The dashboard is not in this build. The data is: <a href="api/boards">boards</a>, <a href="docs">HTTP interface</a>, <a href="metrics">metrics</a>.</p></html>
`;

/** The built dashboard at `/`. Its scripts carry a hash in their names and are kept for ever; the page is asked for anew. */
export async function addDashboard(app: Http, webDir: string): Promise<void> {
  if (!existsSync(join(webDir, 'index.html'))) {
    app.get('/', { schema: { hide: true } }, (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(NOT_BUILT),
    );
    return;
  }
  await app.register(fastifyStatic, {
    root: webDir,
    cacheControl: false,
    setHeaders: (response, path) => {
      const isHashed = path.includes(`${join(webDir, 'assets')}`);
      response.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
