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
  'mqtt-grant-lower': {
    kind: 'permanent',
    message: ({ filter, asked, granted }: { filter: string; asked: number; granted: number }) =>
      `The MQTT server grants ${filter} with QoS ${granted} at most, not ${asked}: messages may be lost before they reach the bridge.`,
    remedy: 'Raise the QoS that the server allows for this client.',
  },
});
