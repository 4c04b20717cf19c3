import type { MkbError } from '../../../api/errors.ts';
import type { Retry } from '../../../network/retry.ts';
import type { MqttMessage } from '../message.ts';
import type { SessionOptions } from '../options.ts';

export interface PublisherOptions extends SessionOptions {
  /** Messages that may be under way at once, if the server allows as many. */
  readonly window: number;
  /** How long limits of a server that are new may be passing ones; five minutes without it. */
  readonly limitsPatienceMs?: number | undefined;
  /** Where answers to messages come: it is subscribed to, where the server speaks MQTT 5. */
  readonly answerTopic?: string | undefined;
}

export interface PublisherHandler<Token> {
  /** The lane of a message: messages of one lane keep their order where the server refuses one for now. Without it all are one lane. */
  laneOf?(token: Token): unknown;
  /** How long a message is retried; undefined is for ever, with the usual pauses. */
  retryOf?(token: Token): Retry | undefined;
  /** When it was received, milliseconds of performance.now(); without it, when it was published. */
  receivedAt?(token: Token): number;
  /** The server has the message. `heard` is false if it says that nobody subscribes to the topic (MQTT 5). */
  published(token: Token, heard: boolean): void;
  /** Its time was over before it was known to be at the server. It is not sent, or not again. */
  expired(token: Token): void;
  /** The server never will take it. */
  failed(token: Token, error: MkbError): void;
  /** It was forgotten, and is under way no more. */
  dropped(token: Token): void;
  /** A message came to `answerTopic`. It is valid during the call, and acknowledged afterwards. */
  answer?(message: MqttMessage): void;
  /** All outcomes of one read, or of one look at what waits, have been reported. */
  settled(): void;
  connected(url: string): void;
  /** A connection was lost, or could not be made. It is tried again, even for a permanent error if `persistent` is set. */
  disconnected(error: MkbError): void;
  /** Something failed that is tried again. */
  problem(error: MkbError): void;
  /** The publisher has stopped: a person has to change something. */
  stopped(error: MkbError): void;
}
