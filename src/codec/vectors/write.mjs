// Writes the golden vectors for the other side: `npx tsc && node src/codec/vectors/write.mjs`.
// from-ts.json holds everything; from-ts.txt is the same for C, one a line: name encoding hex, spaces in names as '-'.
import { writeFileSync } from 'node:fs';
import { vectorsFromTs } from '../../../dist/codec/vectors/samples.js';

const vectors = vectorsFromTs();
const lines = vectors.map(({ name, encoding, hex }) => `${name.replaceAll(' ', '-')} ${encoding} ${hex}\n`);
writeFileSync(
  new URL('from-ts.json', import.meta.url),
  `[\n${vectors.map((v) => `  ${JSON.stringify(v)}`).join(',\n')}\n]\n`,
);
writeFileSync(new URL('from-ts.txt', import.meta.url), lines.join(''));
console.log(`${vectors.length} vectors written`);
