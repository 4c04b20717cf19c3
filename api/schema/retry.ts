/** `delivery.retry`, and `retry` of a sink. */
import type { Static } from 'typebox';
import { duration, optional, section, whole } from './fields.ts';

/** @param ofSink whether it is a sink's own */
export const retrySection = (ofSink: boolean) =>
  section(
    ofSink
      ? 'As `delivery.retry`, for this sink: what is left out here is as there.'
      : 'How long a failure that may pass is retried: a topic that is unavailable, too few replicas in sync, a right that is missing, a quota of the MQTT broker. Without a limit it is retried for ever.',
    {
      maxAge: optional(
        duration(
          'A message that a topic has not taken for this long since it was received is handled by `onFailure`, so that messages behind it are acknowledged. For Kafka it holds for a topic that stays behind while Kafka answers and the dead-letter topic takes records; during an outage of all of Kafka messages wait. For MQTT it holds while the broker is unreachable or refuses the message for now. Default: none, they wait for ever.',
          { min: '1s', max: '7d' },
        ),
      ),
      maxAttempts: optional(
        whole(
          'A message that was refused so often is handled by `onFailure`. An attempt counts when the MQTT broker answers that it does not take the message now, or Kafka that its partition takes none. While a topic is missing or a partition has no leader, Kafka is asked once a second, which counts too. A lost connection, or no answer, does not count. Default: none, they are retried for ever.',
          { minimum: 1, maximum: 1_000_000 },
        ),
      ),
      backoff: optional(
        section(
          'Pauses between attempts: each is random between `minDelay` and a limit that doubles up to `maxDelay`. Default: 100ms and 1s for Kafka, as `mqtt.reconnect` for MQTT.',
          {
            minDelay: duration('The shortest pause.', { min: '1ms', max: '1h', default: '100ms' }),
            maxDelay: duration('The longest pause.', { min: '1ms', max: '1h', default: '1s' }),
          },
        ),
      ),
    },
    ofSink ? {} : { default: {} },
  );

export type RetrySection = Static<ReturnType<typeof retrySection>>;
