/** What the rest of the project needs of an emulated board, whatever its processor. Times are virtual, in ns since power-on. */

/** Resets that somebody can cause from outside. The watchdog causes its own. */
export type ResetBy = 'powerOn' | 'pin' | 'watchdog';

export interface PinLevel {
  readonly level: 0 | 1;
  /** Whether the board drives it; otherwise the level is that of its pull, or of what drives it from outside. */
  readonly driven: boolean;
  /** Virtual time of the last change, in ns. */
  readonly sinceNs: number;
}

export type OnPinChange = (level: PinLevel) => void;

export interface BoardPins {
  /** @throws RangeError for a pin that the board does not have */
  read(pin: number): PinLevel;
  /** Drives an input from outside; `undefined` lets go. */
  drive(pin: number, level: 0 | 1 | undefined): void;
  /** Called at each change of level or direction; returns how to stop it. */
  onChange(pin: number, listener: OnPinChange): () => void;
}

export interface EmulatedBoardOptions {
  /** The flash from its start. */
  readonly image: Uint8Array;
  /** Of an RP2040, for an image that uses its functions; other boards have none. */
  readonly bootRom?: Uint8Array | undefined;
  /** Same seed and same inputs at the same virtual times: same bytes at the same virtual times. */
  readonly seed: number;
  /** A byte from the board and the virtual time at which its stop bit ended. */
  readonly onByte: (byte: number, virtualNs: number) => void;
}

export interface EmulatedBoard {
  readonly pins: BoardPins;
  readonly adc: { setVolts(channel: number, volts: number): void };
  /** The host's baud rate; undefined: whatever the board uses (a pseudo-terminal has none). Another one garbles the line. */
  hostBaud: number | undefined;
  /** Resets since power-on. */
  readonly resets: number;
  /** Virtual time since power-on. It goes on through resets; the board's own timer starts again. */
  readonly nowNs: number;
  /** When a look at the board is next worth it: when what it is sending has been sent, otherwise when something wakes it; now, if it is awake. */
  readonly nextEventNs: number;
  /** Bytes that `receive` would take now. */
  readonly receiveRoom: number;
  /**
   * Runs until virtual time is at least `virtualNs`: exact while the core sleeps, otherwise to the end of an instruction.
   * @throws BootRomMissing when the image needs a boot ROM and there is none
   */
  runUntil(virtualNs: number): void;
  /**
   * Bytes from the host, put on the line one after the other from now on.
   * @returns how many were taken (the line's queue is bounded)
   */
  receive(bytes: Uint8Array): number;
  /** Resets the chip now. What is written into flash or EEPROM stays. */
  reset(by: ResetBy): void;
}
