/** What `mkb doctor` finds that would not stop a bridge at its start, but its messages later. */
import { table } from './entry.ts';

export const doctorErrors = table({
  'kafka-keys-wanted': {
    kind: 'permanent',
    message: ({ topic, rule }: { topic: string; rule: string }) =>
      `The Kafka topic ${topic} is compacted, so Kafka refuses records without a key, and those of rule ${rule} have none.`,
    remedy: 'Give the sink a `key`, or the topic `cleanup.policy=delete`.',
  },
  'kafka-insync-impossible': {
    kind: 'permanent',
    message: ({ topic, insync, replicas }: { topic: string; insync: number; replicas: number }) =>
      `The Kafka topic ${topic} wants ${insync} replicas in sync (min.insync.replicas) and has ${replicas}: no record is ever acknowledged.`,
    remedy: 'Add replicas to the topic, or lower its `min.insync.replicas`.',
  },
  'kafka-times-replaced': {
    kind: 'permanent',
    message: ({ topic }: { topic: string }) =>
      `The Kafka topic ${topic} has message.timestamp.type=LogAppendTime: the \`timestamp\` of the sink is replaced by Kafka's own time.`,
    remedy: 'Set `message.timestamp.type=CreateTime` on the topic, or leave `timestamp` out.',
  },
  'kafka-records-limited': {
    kind: 'permanent',
    message: ({ topic, limit, largest }: { topic: string; limit: number; largest: number }) =>
      `The Kafka topic ${topic} takes records up to ${limit} bytes (max.message.bytes), and the bridge sends some up to ${largest}: those between are refused, and become dead letters.`,
    remedy: 'Raise `max.message.bytes` of the topic, or lower `kafka.producer.maxRequestBytes`.',
  },
  'buffer-disk-small': {
    kind: 'permanent',
    message: ({ folder, free, wanted }: { folder: string; free: string; wanted: string }) =>
      `The disk of ${folder} has ${free} free, and the buffer may grow to ${wanted}.`,
    remedy:
      'Give it a larger disk, or lower `delivery.buffer.maxBytes`. A full disk loses nothing: the buffer stops taking messages.',
  },
  'certificate-expired': {
    kind: 'permanent',
    message: ({ until }: { until: string }) => `It was valid until ${until}.`,
    remedy: 'Renew it. Files are read again for the next connection, without a restart.',
  },
  'certificate-expires': {
    kind: 'permanent',
    message: ({ until, days }: { until: string; days: number }) =>
      `It is valid until ${until} only, ${days === 1 ? 'a day' : `${days} days`} from now.`,
    remedy:
      'Renew it, and see why nothing renews it by itself. Files are read again for the next connection, without a restart.',
  },
  'certificate-not-yet': {
    kind: 'permanent',
    message: ({ from }: { from: string }) => `It is valid from ${from} on, which is in the future here.`,
    remedy: 'See whether the clock of this machine is right.',
  },
  'mqtt-grant-lower': {
    kind: 'permanent',
    message: ({ filter, asked, granted }: { filter: string; asked: number; granted: number }) =>
      `The MQTT server grants ${filter} with QoS ${granted} at most, not ${asked}: messages may be lost before they reach the bridge.`,
    remedy: 'Raise the QoS that the server allows for this client.',
  },
});
