/** What the sample firmware has at its pins, by board: what a test stimulates and probes. */
import type { Target } from 'tautline/hil';

export interface Wiring {
  /** PWM while armed, low otherwise. */
  readonly actuator: number;
  /** High while the job runs. */
  readonly marker: number;
  /** ADC channel of the temperature sensor, and its voltage at so many degrees Celsius. */
  readonly sensor: number;
  sensorVolts(celsius: number): number;
  /** Used by nothing. */
  readonly free: number;
}

/** firmware/README.md; the sensor: RP2040 datasheet 4.9.5. */
const pico: Wiring = {
  actuator: 14,
  marker: 15,
  sensor: 4,
  sensorVolts: (celsius) => 0.706 - (celsius - 27) * 0.001721,
  free: 10,
};

/** The sensor: ATmega328P datasheet table 24-2, 314 mV at 25 degrees and 1.06 mV a degree. */
const uno: Wiring = {
  actuator: 3,
  marker: 13,
  sensor: 8,
  sensorVolts: (celsius) => 0.314 + (celsius - 25) * 0.00106,
  free: 7,
};

const wirings: Readonly<Record<string, Wiring>> = { pico, uno };

/** @throws Error for a board that nobody has told of here */
export function wiringOf({ name }: Target): Wiring {
  const wiring = wirings[name];
  if (wiring === undefined) throw new Error(`${name}: add its pins to hil-tests/wiring.ts`);
  return wiring;
}
