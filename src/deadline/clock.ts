/**
 * What the host knows of a board's clock: an interval that holds the offset host − device, found by set membership.
 *
 * - A frame that is complete at the host bounds the offset **from above**: the board had stamped it before.
 * - A ping that the board has stamped bounds it **from below**: the host had sent it before.
 * - The board's clock runs at most `DRIFT_LIMIT` fast or slow, and its drift changes at most by `BEND_PER_US`.
 *
 * So the true offset is a nearly straight line below all ceilings and above all floors (`Corridor`). Half the distance of the
 * highest and the lowest is the stated uncertainty. Nothing is averaged or
 * fitted: delays that repeat with the frames (1 ms USB polls) would pull a fit away from the truth, but cannot make a
 * bound false. Only where between the bounds the offset is said to be follows from averages (`RoundTrips`), and the stated
 * uncertainty grows by as much. A rate that changes faster than `BEND_PER_US` contradicts the bounds sooner or later; where
 * pings speak of it before (`rateDoubted`), the older bounds are given up at once.
 *
 * Pure: times come in as arguments. Device times are 64-bit microseconds (see `DeviceTime` for unwrapping).
 */
import { BoundRing } from './bounds.js';
import { BEND_PER_US, Corridor, DRIFT_LIMIT, ROUNDING_US } from './corridor.js';
import { AGREEING, rateDoubted } from './rate-doubt.js';
import { RoundTrips } from './round-trips.js';

/** The lowest ceiling of each second is kept; of shorter times at first, when a rate must be found in what little there is. */
const BIN_US = 1e6;
const FIRST_BIN_US = 25_000;
/** Of the time since the first ceiling. */
const BIN_SHARE = 0.25;
/** Bounds older than about a minute say nothing more: by then the drift may have bent by 0.5 ms. */
const BOUNDS = 64;

/** More is no change of a clock's rate at once, but a jump: 0.1 %. */
const RATE_CHANGE_MAX = 1e-3;

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
  /** The newest is the lowest of the second under way. */
  readonly #ceilings = new BoundRing(BOUNDS);
  readonly #floors = new BoundRing(BOUNDS);
  readonly #roundTrips = new RoundTrips();
  readonly #corridor = new Corridor();
  #binEndUs = Number.NaN;
  #firstBinUs = Number.NaN;
  /** Slopes of the newest corridor that satisfied all bounds. */
  #rateFrom = -DRIFT_LIMIT;
  #rateTo = DRIFT_LIMIT;
  // Operands of `#lowerCeiling`. As fields they are stored in place; as arguments V8 boxes each number wherever it does not
  // inline the call.
  #boundAtUs = Number.NaN;
  #boundOffsetUs = Number.NaN;

  /** @param tickUs resolution of the board's stamps, µs (they are truncated, so a stamp may be this much too early) */
  constructor(tickUs = 1) {
    this.#tickUs = tickUs;
  }

  /** Whether both a ping and a frame have bounded the offset since the last restart. */
  get settled(): boolean {
    return this.#corridor.isKnown;
  }

  /** Offset host − device at the newest bound, µs; NaN until settled. */
  get offsetUs(): number {
    return this.settled ? (this.#corridor.highUs + this.#corridor.lowUs) / 2 : Number.NaN;
  }

  /** Growth of the offset, parts per million: positive when the board's clock is slow. */
  get driftPpm(): number {
    return this.#corridor.slope * 1e6;
  }

  /** Forgets everything: the board booted, or the host was suspended. */
  restart(): void {
    this.#ceilings.clear();
    this.#floors.clear();
    this.#roundTrips.clear();
    this.#corridor.forget();
    this.#binEndUs = Number.NaN;
    this.#rateFrom = -DRIFT_LIMIT;
    this.#rateTo = DRIFT_LIMIT;
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
    const corridor = this.#corridor;
    corridor.aheadUs = times.releaseUs - corridor.atUs;
    corridor.spread();
    times.hostUs = times.releaseUs + corridor.offsetUs;
    times.uncertaintyUs = corridor.halfUs;
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
    const corridor = this.#corridor;
    corridor.aheadUs = deviceUs - corridor.atUs;
    corridor.spread();
    out.hostUs = deviceUs + corridor.offsetUs;
    out.uncertaintyUs = corridor.halfUs;
    return out;
  }

  /**
   * Latest device time that is certainly not after the host instant: what a command's expiry must be, so that the board
   * never executes one that the host holds for expired. NaN until settled.
   */
  deviceNotAfter(hostUs: number): number {
    if (!this.settled) return Number.NaN;
    const corridor = this.#corridor;
    corridor.aheadUs = (hostUs - this.offsetUs - corridor.atUs) / (1 + corridor.slope);
    corridor.spread();
    return hostUs - corridor.offsetUs - corridor.halfUs;
  }

  /** Takes the ceiling in `#boundAtUs` and `#boundOffsetUs`: into the bin of its second, and at once when it lowers the corridor. */
  #lowerCeiling(): void {
    const atUs = this.#boundAtUs;
    const offsetUs = this.#boundOffsetUs;
    const ceilings = this.#ceilings;
    const corridor = this.#corridor;
    if (!(atUs < this.#binEndUs)) {
      if (Number.isNaN(this.#binEndUs)) this.#firstBinUs = atUs;
      this.#binEndUs = atUs + Math.min(BIN_US, Math.max(FIRST_BIN_US, BIN_SHARE * (atUs - this.#firstBinUs)));
      ceilings.add(atUs, offsetUs);
      this.#solve();
      return;
    }
    const newest = ceilings.newest;
    const slope = (corridor.slopeMin + corridor.slopeMax) / 2;
    if (offsetUs - slope * (atUs - ceilings.atUs[newest]!) < ceilings.offsetUs[newest]!) {
      ceilings.atUs[newest] = atUs;
      ceilings.offsetUs[newest] = offsetUs;
    }
    corridor.aheadUs = atUs - corridor.atUs;
    corridor.ceilingUs = offsetUs;
    if (corridor.isLowered()) {
      corridor.advance();
      corridor.highUs = Math.min(corridor.highUs, offsetUs);
      if (corridor.lowUs > corridor.highUs + ROUNDING_US) this.#contradiction();
    }
  }

  /** When pings speak of another rate, only what is as new as they are is still believed: less, but certain. */
  #doubt(deviceUs: number): void {
    const floors = this.#floors;
    const corridor = this.#corridor;
    corridor.aheadUs = deviceUs - corridor.atUs;
    corridor.spread();
    if (!rateDoubted(floors, corridor.slope, BEND_PER_US, corridor.halfUs)) return;
    this.rateChanges++;
    const fromUs = floors.atUs[floors.back(AGREEING - 1)]!;
    floors.forgetBefore(fromUs);
    this.#ceilings.forgetBefore(fromUs);
    this.#binEndUs = Number.NaN;
    this.#roundTrips.clear();
    corridor.forget();
  }

  /** Finds the corridor again. At most once a second, and once per pong. */
  #solve(): void {
    const corridor = this.#corridor;
    if (this.#floors.size === 0 || this.#ceilings.size === 0) return;
    if (!corridor.solve(this.#ceilings, this.#floors)) {
      this.#contradiction();
      return;
    }
    this.#solved();
  }

  #solved(): void {
    const corridor = this.#corridor;
    this.#rateFrom = corridor.slopeMin;
    this.#rateTo = corridor.slopeMax;
    if (corridor.areSlopesLimited && this.#floors.size >= AGREEING) corridor.allowAllSlopes();
    corridor.likelyUs = this.#roundTrips.likelyOffsetUs(
      corridor.atUs,
      corridor.slope,
      corridor.highUs - corridor.lowUs,
    );
  }

  /**
   * No line satisfies all bounds. When a changed rate lets the newest floor and ceiling both hold, that is what has happened:
   * the history goes, those two stay. Otherwise one of the clocks has jumped, and everything goes.
   *
   * Until some pings have come since, the rate is held to what it can have changed to. Otherwise a jump that looked like
   * a changed rate, because late frames hid the most of it, would be explained by a slope that no clock can turn to. What
   * contradicts that has been no changed rate.
   */
  #contradiction(): void {
    const floorAtUs = this.#floors.atUs[this.#floors.newest]!;
    const floorUs = this.#floors.offsetUs[this.#floors.newest]!;
    const ceilingAtUs = this.#ceilings.atUs[this.#ceilings.newest]!;
    const ceilingUs = this.#ceilings.offsetUs[this.#ceilings.newest]!;
    const apartUs = ceilingAtUs - floorAtUs;
    const from = Math.max(-DRIFT_LIMIT, this.#rateFrom - RATE_CHANGE_MAX);
    const to = Math.min(DRIFT_LIMIT, this.#rateTo + RATE_CHANGE_MAX);
    const lowestUs = floorUs + Math.min(from * apartUs, to * apartUs) - ROUNDING_US;
    const isAgain = this.#corridor.areSlopesLimited;
    this.restart();
    if (isAgain) {
      this.steps++;
      return;
    }
    this.#corridor.limitSlopes(from, to);
    if (ceilingUs < lowestUs) {
      this.steps++;
      return;
    }
    this.rateChanges++;
    this.#floors.add(floorAtUs, floorUs);
    this.#ceilings.add(ceilingAtUs, ceilingUs);
    if (this.#corridor.solve(this.#ceilings, this.#floors)) this.#solved();
    else this.restart(); // what the bounds allow to a hair, rounding may not
  }
}
