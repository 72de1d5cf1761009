/** A delivery that goes on being late is an alarm: one for each client, so that a slow browser is nobody else's. */

/** Seconds with a miss, of the newest ten, that make an alarm. */
const BAD_SECONDS = 5;
const WINDOW_SECONDS = 10;
/** Alarms at once; a client beyond is counted and shown, but raises none. */
const CLIENTS_MAX = 64;

interface Watched {
  /** Of the newest miss: who is late now. */
  text: string;
  /** A bit for each of the newest seconds. */
  seconds: number;
  isRaised: boolean;
  missed: boolean;
}

export class DeliveryAlarms {
  readonly #watched = new Map<string, Watched>();

  constructor(private readonly alarm: (id: string, active: boolean, text: string) => void) {}

  /** @param id of the alarm: outlet, and the client if there is one @param text who is late with what */
  missed(id: string, text: string): void {
    const watched = this.#watched.get(id);
    if (watched !== undefined) {
      watched.missed = true;
      watched.text = text;
    } else if (this.#watched.size < CLIENTS_MAX)
      this.#watched.set(id, { text, seconds: 0, isRaised: false, missed: true });
  }

  /** Call once a second. */
  everySecond(): void {
    for (const [id, watched] of this.#watched) {
      watched.seconds = ((watched.seconds << 1) | (watched.missed ? 1 : 0)) & (2 ** WINDOW_SECONDS - 1);
      watched.missed = false;
      if (!watched.isRaised && ones(watched.seconds) >= BAD_SECONDS) {
        watched.isRaised = true;
        this.alarm(id, true, watched.text);
      }
      if (watched.seconds !== 0) continue;
      this.#watched.delete(id);
      if (watched.isRaised) this.alarm(id, false, 'deliveries are in time again');
    }
  }
}

function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
