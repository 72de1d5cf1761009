/** The publisher without a broker or a clock. */
import { type Packet, parser } from 'mqtt-packet';
import { Pulse } from '../delivery/pulse.js';
import { createHealthRecord } from '../feed/events.js';
import { linkStates } from '../feed/slot.js';
import { freshFrame } from './broker.rig.js';
import { BrokerDelivery } from './delivery.js';
import { MqttMetrics } from './metrics.js';
import { Outbound } from './outbound.js';
import { Publisher } from './publisher.js';

/** Virtual time, and a wire that keeps what is written; acknowledgements come when a test says so. */
export class Bench {
  nowUs = 1e9;
  pending = 0;
  secondBridges = 0;
  readonly warnings: string[] = [];
  readonly metrics = new MqttMetrics();
  readonly pulse = new Pulse();
  readonly delivery = new BrokerDelivery(this.metrics, this.pulse);
  readonly packets: Extract<Packet, { cmd: 'publish' }>[] = [];
  readonly out: Outbound;
  readonly publisher: Publisher;
  private reader = parser({ protocolVersion: 5 });

  constructor(settings: { frames?: boolean; framesQos?: 0 | 1; stateHz?: number; replicate?: boolean } = {}) {
    this.reader.on('packet', (packet) => packet.cmd === 'publish' && this.packets.push(packet));
    const write = (packet: Buffer) => {
      this.reader.parse(packet);
      return true;
    };
    this.out = new Outbound({ pendingBytes: () => this.pending, write }, this.metrics, (event, nowUs) =>
      this.publisher.acknowledged(event, nowUs),
    );
    const options = {
      stateHz: settings.stateHz ?? 10,
      frames: settings.frames ?? false,
      framesQos: settings.framesQos ?? 0,
      replicate: settings.replicate ?? false,
      info: { version: '1.2.3', epoch: '1234abcd', startedUtcUs: 1.7e15 },
      warn: (text: string) => this.warnings.push(text),
      isConfigured: (index: number) => index === 0,
      onSecondBridge: () => this.secondBridges++,
    };
    const clock = { nowUs: () => this.nowUs, utcUs: (us: number) => 1.7e15 + us };
    this.publisher = new Publisher(options, this.out, this.metrics, this.delivery, clock);
  }

  up(receiveMaximum = 65_535): void {
    this.publisher.up({ version: 5, receiveMaximum, packetBytesMax: Number.POSITIVE_INFINITY });
    this.acknowledgeAll();
  }

  acknowledgeAll(): void {
    for (const { qos, messageId } of this.packets) if (qos === 1) this.publisher.puback(messageId!, 0);
  }

  /** Frames one millisecond apart, each a batch of its own. */
  frames(from: number, to: number): void {
    for (let seq = from; seq < to; seq++) {
      this.nowUs += 1000;
      this.publisher.frame(freshFrame(seq, this.nowUs), seq);
      this.publisher.batchEnd();
    }
  }

  link(state: (typeof linkStates)[number]): void {
    this.publisher.health(Object.assign(createHealthRecord(), { board: 0, link: linkStates.indexOf(state) }));
    this.publisher.batchEnd();
    this.acknowledgeAll();
  }

  on(topic: string): string[] {
    return this.packets.filter((packet) => packet.topic === topic).map(({ payload }) => payload.toString());
  }
}
