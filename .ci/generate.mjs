#!/usr/bin/env node
/**
 * Writes the files that are generated from a declaration: `firmware/core/wire.gen.h` from `src/codec/schema.ts`, as built.
 *
 *   node .ci/generate.mjs           writes them
 *   node .ci/generate.mjs --check   writes nothing; exits 1 when one differs from its declaration
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild, ensurePackages, orExplain, root } from './setup.mjs';

orExplain(() => {
  ensurePackages();
  ensureBuild();
});
const schema = await import(join(root, 'dist/codec/schema.js'));

/** `execSumSquaredUs2` -> `exec_sum_squared_us2`. */
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const upper = (name) => snake(name).toUpperCase();
const hex = (value) => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;

const cTypes = {
  u8: 'uint8_t',
  u16: 'uint16_t',
  u32: 'uint32_t',
  u64: 'uint64_t',
  text: 'struct wire_text',
  bytes: 'struct wire_bytes',
  i32s: 'struct wire_i32s',
};
/** Bytes of a field in a binary message; for the variable ones, those of the length alone. */
const fixedBytes = (type) => schema.fieldBytes[type] ?? 1;

function constants() {
  const names = {
    PROTOCOL_VERSION: schema.PROTOCOL_VERSION,
    TEXT_LINE_BYTES_MAX: schema.TEXT_LINE_BYTES_MAX,
    BINARY_MESSAGE_BYTES_MAX: schema.BINARY_MESSAGE_BYTES_MAX,
    BINARY_WIRE_BYTES_MAX: schema.BINARY_WIRE_BYTES_MAX,
    DESCRIPTOR_BYTES_MAX: schema.DESCRIPTOR_BYTES_MAX,
    DESCRIPTOR_CHUNK_BYTES_MAX: schema.DESCRIPTOR_CHUNK_BYTES_MAX,
    STREAMS_MAX: schema.STREAMS_MAX,
    SIGNALS_MAX: schema.SIGNALS_MAX,
    TEXT_FIELD_BYTES_MAX: schema.TEXT_FIELD_BYTES_MAX,
    COMMAND_ARGUMENTS_MAX: schema.COMMAND_ARGUMENTS_MAX,
    SESSION_NONE: schema.SESSION_NONE,
    KIND_BYTES: schema.KIND_BYTES,
    CRC_BYTES: schema.CRC_BYTES,
  };
  return Object.entries(names).map(([name, value]) => `#define WIRE_${name} ${value}u`);
}

/** Tags carry the suffix because `enum wire_event` would collide with the message `struct wire_event`. */
function enumeration(name, suffix, table) {
  const members = Object.entries(table).map(([key, value]) => `    WIRE_${upper(name)}_${upper(key)} = ${value},`);
  return [`enum wire_${name}${suffix} {`, ...members, '};', ''];
}

function fieldTypes() {
  const members = Object.keys(cTypes).map((type) => `    WIRE_FIELD_${type.toUpperCase()},`);
  const values = Object.keys(schema.valueBytes).map((type) => `    WIRE_VALUE_${type.toUpperCase()},`);
  return ['enum wire_field_type {', ...members, '};', '', 'enum wire_value_type {', ...values, '};', ''];
}

const variableTypes = `/* Bytes that somebody else owns; in a received message they lie in its receive slot. */
struct wire_text {
    const char *bytes;
    uint8_t length;
};

struct wire_bytes {
    const uint8_t *bytes;
    uint8_t length;
};

struct wire_i32s {
    int32_t values[WIRE_COMMAND_ARGUMENTS_MAX];
    uint8_t count;
};
`;

function message([name, declared]) {
  const bytes = schema.KIND_BYTES + declared.fields.reduce((sum, field) => sum + fixedBytes(field.type), 0);
  const members = declared.fields.map((field) => `    ${cTypes[field.type]} ${snake(field.name)};`);
  const fields = declared.fields.map((field) => `X(${snake(name)}, ${snake(field.name)}, ${field.type.toUpperCase()})`);
  return [
    `struct wire_${snake(name)} {`,
    ...members,
    '};',
    `#define WIRE_${upper(name)}_BYTES ${bytes}u`,
    `#define WIRE_${upper(name)}_FIELDS(X) \\`,
    fields.map((field) => `    ${field}`).join(' \\\n'),
    '',
  ];
}

function header() {
  const declared = Object.entries(schema.messages);
  return [
    '/* Generated from src/codec/schema.ts by .ci/generate.mjs. Do not edit. */',
    '#ifndef TAUTLINE_WIRE_GEN_H',
    '#define TAUTLINE_WIRE_GEN_H',
    '',
    '#include <stdint.h>',
    '',
    ...constants(),
    '',
    ...fieldTypes(),
    ...enumeration('encoding', '', schema.encodings),
    ...enumeration('reset', '_cause', schema.resetCauses),
    ...enumeration('flag', '', schema.dataFlags),
    ...enumeration('arm', '_state', schema.armStates),
    ...enumeration('trip', '_cause', schema.tripCauses),
    ...enumeration('answer', '_code', schema.answerCodes),
    ...enumeration('event', '_code', schema.eventCodes),
    ...enumeration('level', '', schema.eventLevels),
    variableTypes,
    '/*',
    ' * One structure per message, in the order of its fields. WIRE_<NAME>_BYTES counts the kind, the fixed fields and the',
    ' * length of each variable one; WIRE_<NAME>_FIELDS(X) calls X(message, field, TYPE) for each field.',
    ' */',
    ...declared.flatMap(message),
    '/* X(message, MESSAGE, kind, word, has values) */',
    '#define WIRE_MESSAGES(X) \\',
    declared
      .map(([name, m]) => `    X(${snake(name)}, ${upper(name)}, ${hex(m.kind)}, "${m.word}", ${m.values ? 1 : 0})`)
      .join(' \\\n'),
    '',
    '#endif',
    '',
  ].join('\n');
}

const outputs = [{ path: 'firmware/core/wire.gen.h', text: header() }];
const check = process.argv.includes('--check');
let different = 0;
for (const { path, text } of outputs) {
  const absolute = join(root, path);
  const before = existsSync(absolute) ? readFileSync(absolute, 'utf8') : '';
  if (before === text) continue;
  if (!check) {
    writeFileSync(absolute, text);
    console.log(`generate: wrote ${path}`);
    continue;
  }
  different++;
  console.error(`generate: ${path} differs from its declaration; run \`npm run generate\` and commit it`);
}
process.exit(different === 0 ? 0 : 1);
