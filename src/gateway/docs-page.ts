import type { Http } from './http.js';

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

/** `/docs/json`: OpenAPI; `/docs`: the same as one page, without scripts. */
export function addDocs(app: Http): void {
  app.get('/docs/json', { schema: { hide: true } }, () => app.swagger());
  app.get('/docs', { schema: { hide: true } }, (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page(app.swagger())),
  );
}

function page(document: object): string {
  const { paths = {}, info } = document as {
    paths?: Record<string, Record<string, { summary?: string; tags?: string[] }>>;
    info: { title: string; version: string };
  };
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { summary = '' }]) =>
        `<tr><td><code>${escapeHtml(method.toUpperCase())}</code></td><td><code>${escapeHtml(path)}</code></td><td>${escapeHtml(summary)}</td></tr>`,
    ),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(info.title)} HTTP interface</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}td{padding:.3rem 1rem .3rem 0;vertical-align:top}code{font-size:.95em}</style>
<h1>${escapeHtml(info.title)} ${escapeHtml(info.version)}: HTTP interface</h1>
<p>Machine-readable: <a href="docs/json">OpenAPI</a>. Live data: Phoenix Channels at <code>/socket/websocket?vsn=2.0.0</code>.</p>
<table>${rows.join('\n')}</table></html>
`;
}
