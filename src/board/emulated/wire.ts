/** A serial line with an emulated board at its other end, as the binding for `SerialPortStream` needs it. */
export interface Wire {
  /**
   * The host opens its end. Until then, and after `disconnect`, what the board sends is lost, as on a real line.
   * @param baud the host's rate; a board of another rate is garbled
   * @param onBytes gets chunks that are the receiver's to keep
   */
  connect(baud: number, onBytes: (bytes: Uint8Array) => void): void;
  disconnect(): void;
  readonly connected: boolean;
  setBaud(baud: number): void;
  /** Resolves when the line's queue has taken all bytes. */
  send(bytes: Uint8Array): Promise<void>;
}
