/**
 * Klipper's way of relating two clocks, written from its published formulas, as the peer to measure against: a regression
 * that forgets with 1/30, shifted by the smallest half round trip seen lately.
 */

/** A ping and its answer as both ends stamped it, µs: host, board, board, host. */
export interface Ping {
  readonly sentUs: number;
  readonly rxUs: number;
  readonly txUs: number;
  readonly arrivalUs: number;
  /** Of the ping, and of its answer, on the wire. */
  readonly wireUs: number;
}

/** As published, and with what this protocol knows besides: the time on the wire and that between question and answer. */
export class KlipperClocks {
  readonly #plain = new KlipperClock();
  readonly #withWire = new KlipperClock();

  answer({ sentUs, rxUs, txUs, arrivalUs, wireUs }: Ping): void {
    this.#plain.answer(sentUs / 1e6, rxUs, arrivalUs / 1e6);
    // Wire time alone, the same both ways, would change nothing: it leaves the half round trip and is added to the sending.
    this.#withWire.answer((sentUs + wireUs) / 1e6, rxUs, (arrivalUs - wireUs - (txUs - rxUs)) / 1e6);
  }

  /** How far both are off for a device instant of which the host's is known, µs; NaN before the second query. */
  errorsUs(deviceUs: number, truthUs: number): { readonly plain: number; readonly withWire: number } {
    const error = (clock: KlipperClock) => Math.abs(clock.hostS(deviceUs) * 1e6 - truthUs);
    return { plain: error(this.#plain), withWire: error(this.#withWire) };
  }
}

const DECAY = 1 / 30;
/** The smallest half round trip is taken to grow by 10 µs an hour, so that an old one loses its say. */
const AGING_PER_S = 10e-6 / 3600;
const HZ = 1e6;

export class KlipperClock {
  #queries = 0;
  #minHalfRttS = Number.POSITIVE_INFINITY;
  #minAtS = 0;
  #timeAvg = 0;
  #timeVariance = 0;
  #clockAvg = 0;
  #covariance = 0;
  #frequency = HZ;
  #predictionVariance = 0;
  #lastPredictionS = 0;

  /** @param sentS host seconds at which the query was sent @param clock device µs when it was handled @param receivedS host seconds of the answer */
  answer(sentS: number, clock: number, receivedS: number): void {
    const halfRttS = (receivedS - sentS) / 2;
    const aged = (sentS - this.#minAtS) * AGING_PER_S;
    if (halfRttS < this.#minHalfRttS + aged) {
      this.#minHalfRttS = halfRttS;
      this.#minAtS = sentS;
    }
    if (this.#queries++ === 0) {
      this.#timeAvg = sentS;
      this.#clockAvg = clock;
      this.#predictionVariance = (0.001 * HZ) ** 2;
      this.#lastPredictionS = sentS;
      return;
    }
    if (!this.#accept(sentS, clock)) return;
    const timeDiff = sentS - this.#timeAvg;
    this.#timeAvg += DECAY * timeDiff;
    this.#timeVariance = (1 - DECAY) * (this.#timeVariance + timeDiff ** 2 * DECAY);
    const clockDiff = clock - this.#clockAvg;
    this.#clockAvg += DECAY * clockDiff;
    this.#covariance = (1 - DECAY) * (this.#covariance + timeDiff * clockDiff * DECAY);
    if (this.#timeVariance > 0) this.#frequency = this.#covariance / this.#timeVariance;
  }

  /** Host seconds of a device instant in µs; NaN before the second query. */
  hostS(clock: number): number {
    if (this.#queries < 2) return Number.NaN;
    return (clock - this.#clockAvg) / this.#frequency + this.#timeAvg + this.#minHalfRttS;
  }

  /** Queries far off the prediction are ignored, unless they go on being so. */
  #accept(sentS: number, clock: number): boolean {
    const expected = (sentS - this.#timeAvg) * this.#frequency + this.#clockAvg;
    const squared = (clock - expected) ** 2;
    if (squared > 25 * this.#predictionVariance && squared > (0.0005 * HZ) ** 2) {
      if (clock > expected && sentS < this.#lastPredictionS + 10) return false;
      this.#predictionVariance = (0.001 * HZ) ** 2;
    } else {
      this.#lastPredictionS = sentS;
      this.#predictionVariance = (1 - DECAY) * (this.#predictionVariance + squared * DECAY);
    }
    return true;
  }
}
