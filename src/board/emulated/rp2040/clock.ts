/**
 * Virtual time of the emulated board, in nanoseconds since it was first powered, and the alarms of its peripherals.
 *
 * Exact where the clock of `rp2040js` is not enough: an alarm is set for an absolute instant, alarms of the same instant
 * fire in the order in which they were set.
 */
export class VirtualClock {
  private now = 0;
  private head: VirtualAlarm | undefined;

  get nanos(): number {
    return this.now;
  }

  /** Instant of the next alarm; infinite when none is set. */
  get nextNs(): number {
    return this.head === undefined ? Number.POSITIVE_INFINITY : this.head.atNs;
  }

  createAlarm(callback: () => void): VirtualAlarm {
    return new VirtualAlarm(this, callback);
  }

  /** Moves time to `ns`; each alarm on the way fires at its own instant. */
  advanceTo(ns: number): void {
    while (this.head !== undefined && this.head.atNs <= ns) {
      const alarm = this.head;
      this.head = alarm.next;
      alarm.next = undefined;
      alarm.pending = false;
      this.now = alarm.atNs;
      alarm.callback();
    }
    this.now = ns;
  }

  /** Called by the alarm only. */
  insert(alarm: VirtualAlarm): void {
    let previous: VirtualAlarm | undefined;
    let following = this.head;
    while (following !== undefined && following.atNs <= alarm.atNs) {
      previous = following;
      following = following.next;
    }
    alarm.next = following;
    if (previous === undefined) this.head = alarm;
    else previous.next = alarm;
  }

  /** Called by the alarm only. */
  remove(alarm: VirtualAlarm): void {
    if (this.head === alarm) {
      this.head = alarm.next;
    } else {
      let previous = this.head;
      while (previous !== undefined && previous.next !== alarm) previous = previous.next;
      if (previous !== undefined) previous.next = alarm.next;
    }
    alarm.next = undefined;
  }
}

export class VirtualAlarm {
  atNs = 0;
  pending = false;
  next: VirtualAlarm | undefined = undefined;

  constructor(
    private readonly clock: VirtualClock,
    readonly callback: () => void,
  ) {}

  /** Fires after `deltaNs`; an alarm that was already set moves. */
  schedule(deltaNs: number): void {
    this.scheduleAt(this.clock.nanos + deltaNs);
  }

  /** Fires at `ns`, or now when that has passed. */
  scheduleAt(ns: number): void {
    this.cancel();
    this.atNs = Math.max(ns, this.clock.nanos);
    this.pending = true;
    this.clock.insert(this);
  }

  cancel(): void {
    if (!this.pending) return;
    this.pending = false;
    this.clock.remove(this);
  }
}

/** The clock as one chip sees it: a reset drops the alarms of the chip that was, and time goes on. */
export class ClockDomain {
  private readonly alarms: VirtualAlarm[] = [];

  constructor(private readonly clock: VirtualClock) {}

  get nanos(): number {
    return this.clock.nanos;
  }

  createAlarm(callback: () => void): VirtualAlarm {
    const alarm = this.clock.createAlarm(callback);
    this.alarms.push(alarm);
    return alarm;
  }

  cancelAll(): void {
    for (const alarm of this.alarms) alarm.cancel();
  }
}
