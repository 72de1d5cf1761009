/** For tests and benchmarks: the sample firmware's `control` stream, its contract, and frames of it. */
import type { StreamDescriptor } from '../../codec/descriptor.js';
import { ClockModel } from '../clock.js';
import type { Contract } from '../contract.js';
import { DeviceTime } from '../device-time.js';
import type { TimedFrame } from '../judgement.js';
import { lineTiming } from '../line-load.js';
import { StreamMonitor } from '../monitor.js';

export const controlStream: StreamDescriptor = {
  id: 1,
  name: 'control',
  periodUs: 1000,
  contract: {
    class: 'firm',
    m: 990,
    k: 1000,
    jitterUs: 100,
    deadlineUs: 10_000,
    lifespanUs: 250_000,
    leaseUs: 50_000,
    budgets: { firmwareUs: 2000, linkUs: 3000, hostUs: 5000 },
    delivery: { outletUs: 20_000, consumerUs: 100_000 },
  },
  signals: ['angle', 'speed', 'current', 'temperature'].map((name) => ({
    name,
    type: 'i16',
    scale: 0.01,
    offset: 0,
    unit: '',
  })),
};

export const controlContract: Contract = { ...controlStream.contract, periodUs: controlStream.periodUs };

export const BAUD = 921_600;

export interface MutableFrame extends TimedFrame {
  seq: number;
  releaseUs: number;
  lateUs: number;
  execUs: number;
  queueBytes: number;
  skipped: number;
  dropped: number;
  wireBytes: number;
  arrivalUs: number;
}

export function sampleFrame(overrides: Partial<MutableFrame> = {}): MutableFrame {
  return {
    seq: 0,
    releaseUs: 0,
    lateUs: 5,
    execUs: 40,
    queueBytes: 0,
    skipped: 0,
    dropped: 0,
    wireBytes: 36,
    arrivalUs: 0,
    ...overrides,
  };
}

/** A monitor on a clock that has settled: host = device + `offsetUs` within `uncertaintyUs`, at device time `atUs`. */
export function settledMonitor(
  atUs: number,
  offsetUs: number,
  contract: Contract = controlContract,
  uncertaintyUs = 50,
): { monitor: StreamMonitor; clock: ClockModel; deviceTime: DeviceTime } {
  const clock = new ClockModel();
  const deviceTime = new DeviceTime();
  deviceTime.anchor(atUs, atUs + offsetUs);
  // Two, far apart: the first for the rate.
  for (const deviceUs of [atUs - 60e6, atUs])
    clock.pong(deviceUs + offsetUs - uncertaintyUs, deviceUs, deviceUs, deviceUs + offsetUs + uncertaintyUs, 0);
  const monitor = new StreamMonitor(contract, lineTiming(BAUD), clock, deviceTime);
  monitor.restart(0xb007, atUs + offsetUs);
  return { monitor, clock, deviceTime };
}
