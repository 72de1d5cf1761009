/**
 * What the host knows of a board's clock: an interval that holds the offset host − device, found by set membership.
 *
 * - A frame that is complete at the host bounds the offset **from above**: the board had stamped it before.
 * - A ping that the board has stamped bounds it **from below**: the host had sent it before.
 * - A crystal runs at most `DRIFT_LIMIT` fast or slow, and its drift changes at most by `BEND_PER_US`.
 *
 * So the true offset is a nearly straight line below all ceilings and above all floors. The steepest such line touches
 * an old floor and a newer ceiling, the flattest an old ceiling and a newer floor; carried to now they give the highest
 * and the lowest offset that nothing contradicts. Half their distance is the stated uncertainty. Nothing is averaged or
 * fitted: delays that repeat with the frames (1 ms USB polls) would pull a fit away from the truth, but cannot make a
 * bound false. Only where between the bounds the offset is said to be follows from averages (`RoundTrips`), and the stated
 * uncertainty grows by as much. A rate that changes faster than `BEND_PER_US` contradicts the bounds sooner or later; where pings speak of
 * it before (`rateDoubted`), the older bounds are given up at once.
 *
 * Pure: times come in as arguments. Device times are 64-bit microseconds (see `DeviceTime` for unwrapping).
 */
import { BoundRing } from './bounds.js';
import { AGREEING, rateDoubted } from './rate-doubt.js';
import { RoundTrips } from './round-trips.js';

/** Largest relative error of a board's clock against the host's: 500 ppm. Crystals keep 100, resonators 500. */
const DRIFT_LIMIT = 500e-6;
/** Largest change of that error: 0.3 ppm a second, a crystal warming by several degrees in ten seconds. */
const BEND_PER_US = 0.3e-6 / 1e6;
const HALF_BEND_PER_US = BEND_PER_US / 2;
/** The lowest ceiling of each second is kept. */
const BIN_US = 1e6;
/** Bounds older than about a minute say nothing more: by then the drift may have bent by 0.5 ms. */
const BOUNDS = 64;
/** Rounding of stamps; a crossing of the bounds by less is no contradiction. */
const ROUNDING_US = 2;
/** How far out of the corridor's middle the offset may be said to be, of half its width. */
const SHIFT_MAX = 0.25;

/** Written by `ClockModel.map`. */
export interface MappedTime {
  /** The host's monotonic time of the device instant, µs; NaN while nothing is known. */
  hostUs: number;
  /** Half width of the interval that holds the truth, µs; Infinity while nothing is known. */
  uncertaintyUs: number;
}

/** What `ClockModel.observe` needs of a frame, and what it fills in. */
export interface FrameTimes extends MappedTime {
  /** Device time that the board's clock had certainly reached when the frame was complete at the host, as for `frame`. */
  completeUs: number;
  arrivalUs: number;
  /** Device time to map. */
  releaseUs: number;
}

export class ClockModel {
  /** Contradictions that only a jump of one of the clocks explains: a reset, a suspended host. */
  steps = 0;
  /** Contradictions that a changed rate explains, and pings that spoke of one. */
  rateChanges = 0;
  /** Round trip of the newest pong without the time that the board held it, µs. */
  roundTripUs = Number.NaN;

  readonly #tickUs: number;
  readonly #ceilings = new BoundRing(BOUNDS);
  readonly #floors = new BoundRing(BOUNDS);
  readonly #roundTrips = new RoundTrips();
  // The lowest ceiling of the second under way.
  #binEndUs = Number.NaN;
  #binAtUs = Number.NaN;
  #binOffsetUs = Number.POSITIVE_INFINITY;
  // The corridor at device time #atUs: the offset and its slope, each between two values.
  #atUs = 0;
  #highUs = Number.POSITIVE_INFINITY;
  #lowUs = Number.NEGATIVE_INFINITY;
  #slopeMin = -DRIFT_LIMIT;
  #slopeMax = DRIFT_LIMIT;
  /** Where in it the offset probably is, at #atUs; NaN where that is its middle. */
  #likelyUs = Number.NaN;
  // Operands and results of the private steps. As fields they are stored in place; as arguments V8 boxes each number
  // wherever it does not inline the call.
  #boundAtUs = Number.NaN;
  #boundOffsetUs = Number.NaN;
  #ceilingAtUs = Number.NaN;
  #ceilingUs = Number.NaN;
  #aheadUs = Number.NaN;
  #middleUs = Number.NaN;
  #halfUs = Number.NaN;

  /** @param tickUs resolution of the board's stamps, µs (they are truncated, so a stamp may be this much too early) */
  constructor(tickUs = 1) {
    this.#tickUs = tickUs;
  }

  /** Whether both a ping and a frame have bounded the offset since the last restart. */
  get settled(): boolean {
    return this.#highUs < Number.POSITIVE_INFINITY && this.#lowUs > Number.NEGATIVE_INFINITY;
  }

  /** Offset host − device at the newest bound, µs; NaN until settled. */
  get offsetUs(): number {
    return this.settled ? (this.#highUs + this.#lowUs) / 2 : Number.NaN;
  }

  /** Growth of the offset, parts per million: positive when the board's clock is slow. */
  get driftPpm(): number {
    return ((this.#slopeMin + this.#slopeMax) / 2) * 1e6;
  }

  /** Forgets everything: the board booted, or the host was suspended. */
  restart(): void {
    this.#ceilings.clear();
    this.#floors.clear();
    this.#roundTrips.clear();
    this.#binEndUs = Number.NaN;
    this.#binOffsetUs = Number.POSITIVE_INFINITY;
    this.#forgetCorridor();
  }

  /**
   * A frame: at host time `arrivalUs` the board's clock already showed at least `deviceUs`. Add to `deviceUs` only delays
   * that are physically certain, such as the frame's own bytes on a UART.
   */
  frame(deviceUs: number, arrivalUs: number): void {
    this.#boundAtUs = deviceUs;
    this.#boundOffsetUs = arrivalUs - deviceUs;
    this.#lowerCeiling();
  }

  /** `frame` and then `map` of the frame's release, for the hot path: nothing in it is boxed. */
  observe(times: FrameTimes): void {
    this.#boundAtUs = times.completeUs;
    this.#boundOffsetUs = times.arrivalUs - times.completeUs;
    this.#lowerCeiling();
    this.#aheadUs = times.releaseUs - this.#atUs;
    this.#spread();
    times.hostUs = times.releaseUs + this.#middleUs;
    times.uncertaintyUs = this.#halfUs;
  }

  /**
   * A pong: the ping left the host at `sentUs`, was complete at the board at `rxUs`, its answer entered the UART at `txUs`
   * and was complete at the host at `arrivalUs`.
   * @param wireUs certain time of either on the wire, µs (0 where the line has no real bit rate)
   * @param slackUs by how much an emulated board's clock may lag behind the wall clock, µs; 0 for real boards
   */
  pong(sentUs: number, rxUs: number, txUs: number, arrivalUs: number, wireUs: number, slackUs = 0): void {
    this.roundTripUs = arrivalUs - sentUs - (txUs - rxUs);
    const floorUs = sentUs + wireUs - slackUs - (rxUs + this.#tickUs);
    this.#floors.add(rxUs, floorUs);
    this.#roundTrips.add(rxUs, floorUs, arrivalUs - (txUs + wireUs));
    this.frame(txUs + wireUs, arrivalUs);
    if (this.settled) this.#doubt(rxUs);
    this.#solve();
  }

  /**
   * Host time of a device instant, into `out`. Valid for instants before and after the newest bound: the corridor widens
   * from there by what is not known of the slope, but never faster than the drift's limit.
   */
  map(deviceUs: number, out: MappedTime): MappedTime {
    this.#aheadUs = deviceUs - this.#atUs;
    this.#spread();
    out.hostUs = deviceUs + this.#middleUs;
    out.uncertaintyUs = this.#halfUs;
    return out;
  }

  /**
   * Latest device time that is certainly not after the host instant: what a command's expiry must be, so that the board
   * never executes one that the host holds for expired. NaN until settled.
   */
  deviceNotAfter(hostUs: number): number {
    if (!this.settled) return Number.NaN;
    const guessUs = hostUs - this.offsetUs;
    this.#aheadUs = guessUs - this.#atUs;
    this.#spread();
    return hostUs - this.#middleUs - this.#halfUs;
  }

  /** The corridor at `#aheadUs` from where it was found, into `#middleUs` and `#halfUs`. */
  #spread(): void {
    const aheadUs = this.#aheadUs;
    const bendUs = HALF_BEND_PER_US * aheadUs * aheadUs;
    const limitUs = DRIFT_LIMIT * Math.abs(aheadUs);
    const steepest = aheadUs > 0 ? this.#slopeMax : this.#slopeMin;
    const flattest = aheadUs > 0 ? this.#slopeMin : this.#slopeMax;
    const highUs = this.#highUs + Math.min(steepest * aheadUs + bendUs, limitUs);
    const lowUs = this.#lowUs + Math.max(flattest * aheadUs - bendUs, -limitUs);
    const known = highUs - lowUs < Number.POSITIVE_INFINITY;
    this.#middleUs = known ? (highUs + lowUs) / 2 : Number.NaN;
    this.#halfUs = known ? (highUs - lowUs) / 2 : Number.POSITIVE_INFINITY;
    const likelyUs = this.#likelyUs + ((steepest + flattest) / 2) * aheadUs;
    const mostUs = SHIFT_MAX * this.#halfUs;
    const shiftUs = Math.max(-mostUs, Math.min(mostUs, likelyUs - this.#middleUs));
    if (!Number.isNaN(shiftUs)) {
      this.#middleUs += shiftUs;
      this.#halfUs += Math.abs(shiftUs);
    }
  }

  /** Takes the ceiling in `#boundAtUs` and `#boundOffsetUs`: into the bin of its second, and at once when it lowers the corridor. */
  #lowerCeiling(): void {
    const atUs = this.#boundAtUs;
    const offsetUs = this.#boundOffsetUs;
    if (!(atUs < this.#binEndUs)) this.#openBin();
    const slope = (this.#slopeMin + this.#slopeMax) / 2;
    if (offsetUs - slope * (atUs - this.#binAtUs) < this.#binOffsetUs) {
      this.#binAtUs = atUs;
      this.#binOffsetUs = offsetUs;
    }
    const aheadUs = atUs - this.#atUs;
    const bendUs = HALF_BEND_PER_US * aheadUs * aheadUs;
    if (aheadUs > 0 && offsetUs < this.#highUs + this.#slopeMax * aheadUs + bendUs) {
      this.#aheadUs = aheadUs;
      this.#advance();
      this.#highUs = Math.min(this.#highUs, offsetUs);
      if (this.#lowUs > this.#highUs + ROUNDING_US) this.#contradiction();
    }
  }

  /** When pings speak of another rate, only what is as new as they are is still believed: less, but certain. */
  #doubt(deviceUs: number): void {
    const floors = this.#floors;
    this.#aheadUs = deviceUs - this.#atUs;
    this.#spread();
    if (!rateDoubted(floors, (this.#slopeMin + this.#slopeMax) / 2, BEND_PER_US, this.#halfUs)) return;
    this.rateChanges++;
    const fromUs = floors.atUs[floors.back(AGREEING - 1)]!;
    floors.forgetBefore(fromUs);
    this.#ceilings.forgetBefore(fromUs);
    this.#roundTrips.clear();
    this.#forgetCorridor();
  }

  /** Carries the corridor forward by `#aheadUs`; what is known of the slope fades with the time. */
  #advance(): void {
    const aheadUs = this.#aheadUs;
    const bendUs = HALF_BEND_PER_US * aheadUs * aheadUs;
    const limitUs = DRIFT_LIMIT * aheadUs;
    this.#highUs += Math.min(this.#slopeMax * aheadUs + bendUs, limitUs);
    this.#lowUs += Math.max(this.#slopeMin * aheadUs - bendUs, -limitUs);
    this.#likelyUs += ((this.#slopeMin + this.#slopeMax) / 2) * aheadUs;
    this.#slopeMax = Math.min(DRIFT_LIMIT, this.#slopeMax + BEND_PER_US * aheadUs);
    this.#slopeMin = Math.max(-DRIFT_LIMIT, this.#slopeMin - BEND_PER_US * aheadUs);
    this.#atUs += aheadUs;
  }

  #openBin(): void {
    if (this.#binOffsetUs < Number.POSITIVE_INFINITY) {
      this.#ceilings.add(this.#binAtUs, this.#binOffsetUs);
      this.#binOffsetUs = Number.POSITIVE_INFINITY;
      this.#solve();
    }
    this.#binEndUs = this.#boundAtUs + BIN_US;
    this.#binAtUs = this.#boundAtUs;
  }

  /** Finds the corridor again from all bounds. At most once a second, and once per pong. */
  #solve(): void {
    const ceilings = this.#ceilings;
    const floors = this.#floors;
    if (floors.size === 0) return;
    const binOpen = this.#binOffsetUs < Number.POSITIVE_INFINITY;
    if (!binOpen && ceilings.size === 0) return;
    const nowUs = Math.max(
      floors.atUs[floors.newest]!,
      binOpen ? this.#binAtUs : ceilings.atUs[ceilings.newest]!,
      this.#atUs,
    );
    ceilings.relax(nowUs, BEND_PER_US, 1);
    floors.relax(nowUs, BEND_PER_US, -1);

    this.#slopeMin = -DRIFT_LIMIT;
    this.#slopeMax = DRIFT_LIMIT;
    let possible = true;
    for (let i = 0; i < ceilings.size; i++) {
      this.#ceilingAtUs = ceilings.atUs[i]!;
      this.#ceilingUs = ceilings.relaxedUs[i]!;
      possible = this.#narrowSlopes() && possible;
    }
    if (binOpen) {
      this.#ceilingAtUs = this.#binAtUs;
      this.#ceilingUs = this.#relaxedBin(nowUs);
      possible = this.#narrowSlopes() && possible;
    }
    if (!possible || this.#slopeMin > this.#slopeMax) {
      this.#contradiction();
      return;
    }
    this.#carryTo(nowUs, binOpen);
  }

  #relaxedBin(nowUs: number): number {
    const distanceUs = nowUs - this.#binAtUs;
    return this.#binOffsetUs + HALF_BEND_PER_US * distanceUs * distanceUs;
  }

  /** No line through the corridor is steeper than from an older floor to the ceiling in `#ceilingAtUs` and `#ceilingUs`, or flatter than from it to a newer floor. */
  #narrowSlopes(): boolean {
    const { atUs: floorAtUs, relaxedUs: floorUs, size } = this.#floors;
    const atUs = this.#ceilingAtUs;
    const ceilingUs = this.#ceilingUs + ROUNDING_US;
    let steepest = this.#slopeMax;
    let flattest = this.#slopeMin;
    let possible = true;
    for (let j = 0; j < size; j++) {
      const apartUs = atUs - floorAtUs[j]!;
      const roomUs = ceilingUs - floorUs[j]!;
      if (apartUs > 0) steepest = Math.min(steepest, roomUs / apartUs);
      else if (apartUs < 0) flattest = Math.max(flattest, roomUs / apartUs);
      else if (roomUs < 0) possible = false;
    }
    this.#slopeMax = steepest;
    this.#slopeMin = flattest;
    return possible;
  }

  /** The highest offset now lies on the steepest line below all ceilings, the lowest on the flattest above all floors. */
  #carryTo(nowUs: number, binOpen: boolean): void {
    const ceilings = this.#ceilings;
    const floors = this.#floors;
    let highUs = binOpen
      ? this.#relaxedBin(nowUs) + this.#slopeMax * (nowUs - this.#binAtUs)
      : Number.POSITIVE_INFINITY;
    for (let i = 0; i < ceilings.size; i++) {
      highUs = Math.min(highUs, ceilings.relaxedUs[i]! + this.#slopeMax * (nowUs - ceilings.atUs[i]!));
    }
    let lowUs = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < floors.size; j++) {
      lowUs = Math.max(lowUs, floors.relaxedUs[j]! + this.#slopeMin * (nowUs - floors.atUs[j]!));
    }
    this.#atUs = nowUs;
    this.#highUs = Math.max(highUs, lowUs);
    this.#lowUs = Math.min(highUs, lowUs);
    const slope = (this.#slopeMin + this.#slopeMax) / 2;
    this.#likelyUs = this.#roundTrips.likelyOffsetUs(nowUs, slope, this.#highUs - this.#lowUs);
  }

  /**
   * No line satisfies all bounds. When the newest floor and ceiling can both hold with a clock at its drift limit, the rate
   * has changed: the history goes, those two stay. Otherwise one of the clocks has jumped, and everything goes.
   */
  #contradiction(): void {
    const j = this.#floors.newest;
    const floorAtUs = this.#floors.atUs[j]!;
    const floorUs = this.#floors.offsetUs[j]!;
    const binOpen = this.#binOffsetUs < Number.POSITIVE_INFINITY;
    const i = this.#ceilings.newest;
    const ceilingAtUs = binOpen ? this.#binAtUs : this.#ceilings.atUs[i]!;
    const ceilingUs = binOpen ? this.#binOffsetUs : this.#ceilings.offsetUs[i]!;
    const reachUs = DRIFT_LIMIT * Math.abs(ceilingAtUs - floorAtUs) + ROUNDING_US;
    this.restart();
    if (ceilingUs < floorUs - reachUs) {
      this.steps++;
      return;
    }
    this.rateChanges++;
    this.#floors.add(floorAtUs, floorUs);
    this.#ceilings.add(ceilingAtUs, ceilingUs);
    this.#solve();
  }

  #forgetCorridor(): void {
    this.#atUs = 0;
    this.#highUs = Number.POSITIVE_INFINITY;
    this.#lowUs = Number.NEGATIVE_INFINITY;
    this.#slopeMin = -DRIFT_LIMIT;
    this.#slopeMax = DRIFT_LIMIT;
    this.#likelyUs = Number.NaN;
  }
}
