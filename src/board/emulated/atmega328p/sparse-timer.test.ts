import { AVRIOPort, AVRTimer, CPU, portBConfig, portDConfig, timer0Config, timer1Config, timer2Config } from 'avr8js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addTimer } from './sparse-timer.js';

interface Write {
  readonly afterCycles: number;
  readonly register: 'OCRA' | 'OCRB' | 'TCNT' | 'TCCRA' | 'TCCRB' | 'TIFR' | 'TIMSK';
  readonly value: number;
}

const configs = { timer0: timer0Config, timer1: timer1Config, timer2: timer2Config };

/** Only what `avr8js` and the sparse timer mean to be the same: flags, count and pins at each look. */
function lives(which: keyof typeof configs, isSparse: boolean, writes: readonly Write[]): string[] {
  const config = configs[which];
  const cpu = new CPU(new Uint16Array(0x4000), 0x800);
  const ports = [new AVRIOPort(cpu, portBConfig), new AVRIOPort(cpu, portDConfig)];
  for (const port of [portBConfig, portDConfig]) cpu.writeData(port.DDR, 0xff);
  if (isSparse) addTimer(cpu, config);
  else new AVRTimer(cpu, config);
  const seen: string[] = [];
  const look = (): void => {
    const count = cpu.readData(config.TCNT);
    const pins = ports.map((port) => [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => port.pinState(bit)).join(''));
    seen.push(`${cpu.cycles} ${count} ${cpu.data[config.TIFR]! & 7} ${pins.join(' ')}`);
  };
  for (const { afterCycles, register, value } of writes) {
    for (let i = 0; i < afterCycles; i++) {
      cpu.cycles++;
      cpu.tick();
    }
    look();
    cpu.writeData(config[register], value);
    cpu.cycles++;
    cpu.tick();
  }
  return seen;
}

const register = fc.constantFrom('OCRA', 'OCRB', 'TCNT', 'TCCRA', 'TCCRB', 'TIFR', 'TIMSK');
const write: fc.Arbitrary<Write> = register.chain((name) =>
  fc.record({
    afterCycles: fc.integer({ min: 0, max: 3000 }),
    register: fc.constant(name),
    value: fc.integer({ min: 0, max: 255 }).map((value) => {
      if (name === 'TCCRB') return 1 + (value % 4); // normal modes of TCCRA's two bits, dividers to 64
      if (name === 'TIMSK' || name === 'TIFR') return value & 7;
      return value;
    }),
  }),
);

describe('the sparse timer', () => {
  it('wraps where it was set to its top', () => {
    const writes: Write[] = [
      { afterCycles: 0, register: 'TCCRB', value: 1 },
      { afterCycles: 0, register: 'TCCRA', value: 1 }, // phase correct, up to 255
      { afterCycles: 0, register: 'TCNT', value: 255 },
      { afterCycles: 257, register: 'OCRA', value: 0 },
      { afterCycles: 600, register: 'OCRA', value: 0 },
    ];
    expect(lives('timer0', true, writes)).toEqual(lives('timer0', false, writes));
  });

  for (const which of ['timer0', 'timer1', 'timer2'] as const) {
    it(`${which}: counts, flags and pins are those of the timer that is looked after at every count`, () => {
      fc.assert(
        fc.property(fc.array(write, { minLength: 1, maxLength: 12 }), (writes) => {
          expect(lives(which, true, writes)).toEqual(lives(which, false, writes));
        }),
        { numRuns: 200 },
      );
    });
  }
});
