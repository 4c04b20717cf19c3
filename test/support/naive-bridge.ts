/**
 * The bridge that one writes in an afternoon with mqtt.js and kafkajs, as a program: what ours is measured and judged against.
 *
 *     node test/support/naive-bridge.ts '{"mqttUrl":"mqtt://...","bootstrap":"127.0.0.1:9092","filter":"a/+","topic":"t","acknowledge":"after"}'
 *
 * With acknowledge `before` it does what mqtt.js does by itself: PUBACK when the message has been handed to a listener. Whatever is in
 * memory when it dies is lost. With `after`, PUBACK waits for Kafka; mqtt.js has no such mode that lets more than one message wait, so
 * its packets are held back on their way out. Prints `ready` when it is subscribed. The last level of the topic is the key.
 */
import { CompressionTypes, Kafka, type KafkaMessage, logLevel, Partitioners } from 'kafkajs';
import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';

export interface NaiveBridgeOptions {
  readonly mqttUrl: string;
  /** host:port, joined by commas. */
  readonly bootstrap: string;
  readonly filter: string;
  readonly topic: string;
  readonly acknowledge: 'before' | 'after';
  readonly clientId?: string;
  readonly qos?: 0 | 1;
  /** How many messages may wait for Kafka when `acknowledge` is `after`. */
  readonly receiveMaximum?: number;
}

interface Waiting {
  readonly record: Pick<KafkaMessage, 'key' | 'value'>;
  readonly acknowledge: () => void;
}

const options = JSON.parse(process.argv[2] ?? '{}') as NaiveBridgeOptions;
const kafka = new Kafka({ brokers: options.bootstrap.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
await producer.connect();
process.stdout.write('connected to Kafka\n');

const client = mqtt.connect(options.mqttUrl, {
  protocolVersion: 5,
  clientId: options.clientId ?? 'naive-bridge',
  clean: false,
  reconnectPeriod: 200,
  properties: { sessionExpiryInterval: 3600, receiveMaximum: options.receiveMaximum ?? 1000 },
});

const waiting: Waiting[] = [];
let sending = false;

/** One request at a time, so that order holds; what comes meanwhile is the next batch. */
async function send(): Promise<void> {
  if (sending) return;
  sending = true;
  while (waiting.length > 0) {
    const batch = waiting.splice(0, 1000);
    await sendUntilTaken(batch.map(({ record }) => record));
    for (const { acknowledge } of batch) acknowledge();
  }
  sending = false;
}

async function sendUntilTaken(messages: Waiting['record'][]): Promise<void> {
  const { topic } = options;
  for (;;) {
    try {
      await producer.send({ topic, messages, acks: -1, compression: CompressionTypes.None });
      return;
    } catch {
      // Kafka is away. kafkajs has waited already between its own tries.
    }
  }
}

/** What of mqtt.js is private, and is where a PUBACK can be held back. */
interface Internals {
  _sendPacket(packet: { cmd: string; messageId?: number }, done?: () => void, ...rest: unknown[]): void;
}

/** Acknowledgements that mqtt.js wants to send, by packet identifier. Those of a lost connection mean nothing on the next. */
const held = new Map<number, () => void>();

function holdAcknowledgements(mqttClient: MqttClient): void {
  const internals = mqttClient as unknown as Internals;
  const sendPacket = internals._sendPacket.bind(mqttClient);
  internals._sendPacket = (packet, done, ...rest) => {
    if (packet.cmd !== 'puback') return sendPacket(packet, done, ...rest);
    held.set(packet.messageId!, () => sendPacket(packet));
    done?.();
  };
  mqttClient.on('close', () => held.clear());
}

function acknowledgeLater({ messageId, qos }: IPublishPacket): () => void {
  if (options.acknowledge === 'before' || qos === 0) return () => undefined;
  const connection = connections;
  return () => {
    if (connection !== connections) return;
    held.get(messageId!)?.();
    held.delete(messageId!);
  };
}

let connections = 0;
if (options.acknowledge === 'after') holdAcknowledgements(client);
client.on('close', () => {
  connections += 1;
});
client.on('message', (topic, value, packet) => {
  const key = Buffer.from(topic.slice(topic.lastIndexOf('/') + 1));
  waiting.push({ record: { key, value }, acknowledge: acknowledgeLater(packet) });
  void send();
});
client.on('error', () => undefined);
client.subscribe(options.filter, { qos: options.qos ?? 1 }, error => {
  if (error) throw error;
  process.stdout.write('ready\n');
});
process.on('SIGTERM', () => process.exit(0));
