/**
 * What a PUBLISH of QoS 2 is: a new message, or one that was handed over.
 *
 * A redelivery has DUP set [MQTT-3.3.1-1]. Without it the server uses the identifier for another message, which must not be lost, even where it
 * should have waited: Mosquitto 2.0 with more than 65,535 messages in its queue runs out of identifiers and takes the first again.
 */
import type { AcknowledgementWindow } from './acknowledgements.ts';
import type { MqttMessage } from './message.ts';
import type { Receipts } from './receipts.ts';

/**
 * - `new`: to be handed over.
 * - `repeated`: it was handed over, and this delivery gets its acknowledgement in its turn.
 * - `owed`: it was delivered on this connection, and its acknowledgement will come.
 * - `misused`: another message under an identifier that is not free.
 */
export type Delivery = 'new' | 'repeated' | 'owed' | 'misused';

export function deliveryOf(
  { packetId, dup }: Pick<MqttMessage, 'packetId' | 'dup'>,
  receipts: Receipts,
  window: AcknowledgementWindow,
): Delivery {
  if (receipts.isReceived(packetId)) {
    if (dup) window.follow(packetId);
    else if (receipts.drop(packetId)) window.complete();
    return dup ? 'repeated' : 'new';
  }
  const first = receipts.pending(packetId);
  if (first === undefined) return 'new';
  if (window.owes(first)) return dup ? 'owed' : 'misused';
  if (dup) window.follow(packetId, first);
  return dup ? 'repeated' : 'new';
}
