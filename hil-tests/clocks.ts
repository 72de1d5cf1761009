/** What the clocks of the boards keep. */

/** Ceramic resonators keep 5000 ppm, and drift with age and heat; crystals keep 100. Twice that and more is a wrong tick. */
const RESONATOR_PPM = 10_000;
const CRYSTAL_PPM = 500;

export const clockKeepsPpm = ({ mcu }: { readonly mcu: string }): number =>
  mcu === 'ATmega328P' ? RESONATOR_PPM : CRYSTAL_PPM;
