/** Deterministic random numbers (sfc32): the same seed gives the same boot ids, the same power-on RAM, the same run. */
export class SeededRandom {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** @param seed any safe integer; its low 53 bits count */
  constructor(seed: number) {
    this.a = seed >>> 0;
    this.b = Math.floor(Math.abs(seed) / 2 ** 32) >>> 0;
    this.c = 0x9e3779b9;
    for (let i = 0; i < 16; i++) this.nextU32();
  }

  nextU32(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    return sum >>> 0;
  }

  nextBit(): 0 | 1 {
    return (this.nextU32() >>> 31) as 0 | 1;
  }
}
