/** Something for each instruction, by the upper bits of its opcode, as in the tables of the architecture manual (A5.2). */
export type Encodings<T> = readonly (readonly [pattern: string, value: T])[];

/** The most that any pattern needs. */
export const KEY_BITS = 10;

/** By the upper bits of the opcode. */
export function tableOf<T>(encodings: Encodings<T>, otherwise: T): T[] {
  const table: T[] = new Array(1 << KEY_BITS).fill(otherwise);
  for (const [pattern, value] of encodings) {
    const free = KEY_BITS - pattern.length;
    const first = Number.parseInt(pattern, 2) << free;
    table.fill(value, first, first + (1 << free));
  }
  return table;
}
