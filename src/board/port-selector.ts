/** Which of the ports that are plugged in a setting means. Pure. */

/** A port as the scout lists it. */
export interface PortDescription {
  /** `/dev/ttyACM0`, `COM3`. */
  readonly path: string;
  /** Four hex digits each, lower case; undefined on ports without USB. */
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly manufacturer?: string | undefined;
  /** Path that stays the same wherever the board is plugged in: `/dev/serial/by-id/…`. */
  readonly stablePath?: string | undefined;
}

export interface PortSelector {
  readonly vendorId: string;
  readonly productId: string;
  readonly serialNumber: string | undefined;
}

const SELECTOR = /^([0-9a-f]{4}):([0-9a-f]{4})(?::(.+))?$/i;

/** `vid:pid[:serial]`, or null when the name is a path. */
export function parseSelector(name: string): PortSelector | null {
  const [, vendorId, productId, serialNumber] = SELECTOR.exec(name) ?? [];
  if (vendorId === undefined || productId === undefined) return null;
  return { vendorId: vendorId.toLowerCase(), productId: productId.toLowerCase(), serialNumber };
}

/** Paths of all ports that match, in order. */
export function matchPorts(selector: PortSelector, ports: readonly PortDescription[]): string[] {
  return ports
    .filter(
      (port) =>
        port.vendorId === selector.vendorId &&
        port.productId === selector.productId &&
        (selector.serialNumber === undefined || port.serialNumber === selector.serialNumber),
    )
    .map((port) => port.path)
    .sort();
}
