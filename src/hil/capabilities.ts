/** What a target can do, and what a test may need of it. A test that needs more than there is is skipped with the reason. */

export const capabilities = {
  virtualTime: 'its time is virtual: it neither waits for this machine nor depends on it',
  timing: 'it keeps its own time exactly, whatever this machine is doing',
  reset: 'its reset button can be pressed from here',
  power: 'its power can be switched from here',
  unplug: 'its line can be unplugged and plugged in again from here',
  faults: 'bytes on its line can be damaged, held and cut off from here',
  io: 'its pins can be read and driven from here',
  outlets: 'clients can be connected to its bridge',
  testFirmware: 'it can run the image with fault commands',
  stamps: 'its frames carry a sequence and times of their own',
} as const;

/** `feature:<name>`: what is wired around one board, in the words of its `features` in hil-boards.toml. */
export type Capability = keyof typeof capabilities | `feature:${string}`;

/** @returns why a test with these needs cannot run on this target; null when it can */
export function unmet(
  target: { readonly name: string; readonly capabilities: ReadonlySet<Capability> },
  needs: readonly Capability[],
): string | null {
  // Whether a board has stamps is known only when it streams: `unmetByPlainLines`.
  const missing = needs.filter((need) => need !== 'stamps' && !target.capabilities.has(need));
  if (missing.length === 0) return null;
  return `needs ${named(missing)}, which ${target.name} has not`;
}

/** Of a board whose frames turned out to be plain lines; null when none of its needs is the worse for it. */
export function unmetByPlainLines(name: string, needs: readonly Capability[]): string | null {
  if (!needs.includes('stamps')) return null;
  return `needs ${named(['stamps'])}, which ${name} has not: it prints plain lines`;
}

const named = (needs: readonly Capability[]): string =>
  needs.map((need) => `"${need}" (${meaningOf(need)})`).join(' and ');

const meaningOf = (need: Capability): string =>
  need in capabilities
    ? capabilities[need as keyof typeof capabilities]
    : 'something around the board, which its entry in hil-boards.toml says';
