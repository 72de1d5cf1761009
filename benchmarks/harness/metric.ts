import { get } from 'node:http';

/**
 * One figure of a bridge's `/metrics`; NaN where there is none. Not by `fetch`, which detaches a buffer: from then on V8 asks
 * at each access to a typed array of this process whether it is still there, and the rows that decode here would pay for it.
 */
export function metricOf(httpPort: number, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port: httpPort, path: '/metrics', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve(Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1])));
      response.once('error', reject);
    });
    request.once('error', reject);
  });
}
