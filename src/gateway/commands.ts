import type { BoardCommand, CommandAnswer, FromOutlet } from '../outlet.js';

/** Commands that wait for an answer at once: as many as the main thread takes of one outlet. */
const PENDING_MAX = 64;
/** The last of these places are kept for `safe`: whoever floods boards that do not answer must not keep it from the others. */
const SAFE_PLACES = 8;
/** Longer than the main thread itself waits for the board. */
const ANSWER_MS = 5000;

/** Carries commands to the main thread, which alone speaks to boards, and its answers back. */
export class CommandRelay {
  private readonly pending = new Map<number, { resolve: (answer: CommandAnswer) => void; timer: NodeJS.Timeout }>();
  private nextRequest = 1;
  /** Commands that nobody answered in time. */
  unanswered = 0;

  constructor(private readonly post: (message: FromOutlet) => void) {}

  /** Never rejects: what went wrong is in the answer. */
  send(command: BoardCommand): Promise<CommandAnswer> {
    const most = command.name === 'safe' ? PENDING_MAX : PENDING_MAX - SAFE_PLACES;
    if (this.pending.size >= most) {
      const detail = `${most} commands wait for an answer already; try again when they have theirs`;
      return Promise.resolve({ ok: false, code: 'too-many', detail });
    }
    const request = this.nextRequest++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.unanswered++;
        this.answer(request, {
          ok: false,
          code: 'no-answer',
          detail: `no answer to "${command.name}" within ${ANSWER_MS / 1000} s; it may still have been executed: look at the board's state`,
        });
      }, ANSWER_MS);
      this.pending.set(request, { resolve, timer });
      this.post({ type: 'command', request, command });
    });
  }

  answer(request: number, answer: CommandAnswer): void {
    const waiting = this.pending.get(request);
    if (waiting === undefined) return;
    this.pending.delete(request);
    clearTimeout(waiting.timer);
    waiting.resolve(answer);
  }

  /** The gateway ends: everybody is told. */
  close(): void {
    for (const request of [...this.pending.keys()])
      this.answer(request, {
        ok: false,
        code: 'stopping',
        detail: 'the gateway is stopping; the command may have been executed',
      });
  }
}
