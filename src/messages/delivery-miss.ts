import { isoMicroseconds } from '../host-clock.js';
import type { TextEvent } from '../outlet.js';
import type { DeliveryMissMessage } from '../sdk/messages.js';
import { tenths } from './json-values.js';

/** Frames or messages that an outlet delivered later than the delivery contract allows, in one second. */
export function deliveryMissMessage(miss: Extract<TextEvent, { type: 'delivery-miss' }>): DeliveryMissMessage {
  const { board, stream, outlet, client, culprit, count, outletUs, consumerUs, utcUs } = miss;
  return {
    board,
    stream,
    outlet,
    client,
    time: isoMicroseconds(utcUs),
    verdict: 'delivered late',
    culprit,
    count,
    segments: { outletUs: tenths(outletUs ?? Number.NaN), consumerUs: tenths(consumerUs ?? Number.NaN) },
  };
}
