/** Exit codes of every command; scripts rely on them. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  /** Usage, configuration, HTTP port taken. */
  usage: 2,
  /** Port: permission, not a tty, in use; absent with --once. */
  port: 3,
  /** Broker; only with --once. */
  broker: 4,
  /** A budget or an invariant violated. */
  violated: 5,
  inconclusive: 6,
} as const;

/** An error whose text is for the user as it stands, and which ends the process with this code. */
export class UserError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}
