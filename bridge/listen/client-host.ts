import type { MqttMessage } from '../mqtt/message.ts';
import type { Topics } from '../mqtt/topics.ts';
import type { ClientLimits } from './options.ts';
import type { Subscribing } from './subscriber.ts';

/** What a client asks of the server that it belongs to. */
export interface ClientHost<Client> {
  readonly message: MqttMessage;
  readonly topics: Topics;
  readonly settings: ClientLimits;
  /** Counts up with time. */
  readonly tick: number;
  /** Whether no PUBLISH may be handed over now. */
  readonly paused: boolean;
  /** Wants to be let in. The host calls `welcome` or `refuse`, now or later. */
  connect(client: Client, packet: Buffer): void;
  /** The message, which is valid during the call, is the client's; `arrival` is the client's number of it. */
  publish(client: Client, arrival: number): void;
  /** A message that the client may not publish. */
  denied(client: Client): void;
  /** It has a PUBLISH that waits until the host is not `paused`. */
  waits(client: Client): void;
  /** Subscriptions, and messages for clients. */
  readonly subscribing: Subscribing;
  /** What it holds of packets has changed by so many bytes. */
  held(client: Client, bytes: number): void;
  /** Once, of a client that was not refused. @param reasonCode of our DISCONNECT; 0 for one of the client's, -1 for a lost connection */
  ended(client: Client, reasonCode: number, reason: string): void;
  /** The connection is closed, after its end. */
  gone(client: Client): void;
}
