/** What many write first: kafkajs hands records to mqtt.js, and commits them when they are handed over. It loses records. */
import { Kafka, logLevel } from 'kafkajs';
import mqtt from 'mqtt';

export interface NaiveKafkaToMqttOptions {
  readonly mqttUrl: string;
  readonly bootstrap: string;
  readonly topic: string;
  readonly topicPrefix: string;
}

const { mqttUrl, bootstrap, topic, topicPrefix } = JSON.parse(process.argv[2]!) as NaiveKafkaToMqttOptions;
const publisher = await mqtt.connectAsync(mqttUrl, { clientId: `${topic}-naive`, reconnectPeriod: 100 });
const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: topic, sessionTimeout: 6000, heartbeatInterval: 1000 });
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, () => process.stdout.write('ready\n'));
await consumer.run({
  autoCommitThreshold: 1,
  eachMessage: async ({ message: { key, value } }) => {
    publisher.publish(`${topicPrefix}/${key}`, value ?? '', { qos: 1 });
  },
});
