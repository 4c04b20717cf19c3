/** What a connection of the publisher is made with. */
import type { ConnectionParts } from '../connection.ts';
import type { Call } from '../dialer.ts';
import { FrameReader } from '../frames.ts';
import { MqttMessage } from '../message.ts';

interface Wanted {
  readonly cleanStart: boolean;
  /** Subscribed to if it is given. Answers that were kept from earlier are to nothing that is asked now. */
  readonly answerTopic: string | undefined;
  readonly now: () => number;
}

export function connectionParts({ target, options }: Call, { cleanStart, answerTopic, now }: Wanted): ConnectionParts {
  const message = new MqttMessage('00000000');
  const reader = new FrameReader(message, options.version, options.maximumPacketSize);
  const subscriptions = answerTopic === undefined ? [] : [{ filter: answerTopic, qos: 1 as const }];
  return { target, options: { ...options, subscriptions, retained: 'none', cleanStart }, reader, message, now };
}
