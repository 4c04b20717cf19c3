/** Which source of MQTT a bridge has. */
import type { BufferOptions } from '../buffer/options.ts';
import { type BufferedMqttEvents, BufferedMqttSource } from './buffered-mqtt.ts';
import { MqttSource, type MqttSourceOptions } from './mqtt.ts';
import type { ReceiptLogOptions } from './receipt-log.ts';
import { type TransactedMqttEvents, TransactedMqttSource } from './transacted-mqtt.ts';

/** One with a buffer, or in transactions, if there are options for that; never both. */
export function mqttSourceOf(
  options: MqttSourceOptions & {
    readonly buffer?: BufferOptions | undefined;
    readonly receipts?: ReceiptLogOptions | undefined;
  },
  events: BufferedMqttEvents & TransactedMqttEvents,
): MqttSource | BufferedMqttSource {
  const { buffer, receipts } = options;
  if (receipts !== undefined) return new TransactedMqttSource({ ...options, receipts }, events);
  if (buffer !== undefined) return new BufferedMqttSource({ ...options, buffer }, events);
  return new MqttSource(options, events);
}
