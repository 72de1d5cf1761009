/** The tables of `docs/configuration.md`, made from the schema; a test keeps the page true. */
import { BoardSchema, ConfigSchema, ContractSchema } from './config.js';
import { environmentName } from './config-load.js';

interface Described {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly { readonly const?: unknown }[];
  readonly properties?: Readonly<Record<string, Described>>;
}

const properties = (schema: object): Readonly<Record<string, Described>> => (schema as Described).properties ?? {};

/** By heading: one table for each section of the settings. */
export function configurationTables(): Readonly<Record<string, string>> {
  const tables: Record<string, string> = {};
  for (const [section, schema] of Object.entries(properties(ConfigSchema))) {
    if (schema.type === 'object') tables[`[${section}]`] = table(schema, (key) => environmentName(`${section}.${key}`));
  }
  tables['[[boards]]'] = table(BoardSchema, (key) => (key === 'contract' ? '' : environmentName(`board.${key}`)));
  tables['[boards.contract.<stream>]'] = table(ContractSchema, () => '');
  return tables;
}

/** @param environment of a key; without it there is no such column */
export function table(schema: object, environment?: (key: string) => string): string {
  const rows = Object.entries(properties(schema)).map(([key, described]) => {
    const variable = environment?.(key);
    const last = variable === undefined ? '' : ` ${variable && `\`${variable}\``} |`;
    const fallback = described.default === undefined ? '' : `\`${JSON.stringify(described.default)}\``;
    return `| \`${key}\` | ${kind(described)} | ${fallback} | ${described.description ?? ''} |${last}`;
  });
  const columns = ['key', 'value', 'default', 'meaning', ...(environment === undefined ? [] : ['environment'])];
  const head = [`| ${columns.join(' | ')} |`, `| ${columns.map(() => '---').join(' | ')} |`];
  return [...head, ...rows].join('\n');
}

function kind({ type, minimum, maximum, anyOf }: Described): string {
  if (anyOf !== undefined) return anyOf.map(({ const: value }) => `\`${String(value)}\``).join(', ');
  const range = minimum === undefined ? '' : maximum === undefined ? `, ≥ ${minimum}` : `, ${minimum} to ${maximum}`;
  return `${type}${range}`;
}
