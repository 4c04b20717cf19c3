/**
 * What one would write in an afternoon with mqtt.js and kafkajs, at its fastest: it acknowledges a message as soon as it is in memory, and
 * sends batches of up to 500 or what came in 5 ms, five at a time. So it promises less than the bridge does. Run as a process:
 * `node naive-bridge.ts MQTT_URL BOOTSTRAP TOPIC QOS`; it reports {ready} over IPC.
 */
import { Kafka, logLevel, type Message } from 'kafkajs';
import mqtt from 'mqtt';

const [url = '', bootstrap = '', topic = '', qos = '1'] = process.argv.slice(2);
const batchMessages = 500;
const lingerMs = 5;
const mostInFlight = 5;
const mostQueued = 20_000;

const producer = new Kafka({ clientId: 'naive', brokers: [bootstrap], logLevel: logLevel.ERROR }).producer({
  maxInFlightRequests: mostInFlight,
});
await producer.connect();

let queue: Message[] = [];
let timer: NodeJS.Timeout | undefined;
let inFlight = 0;
let resume: (() => void) | undefined;

const send = () => {
  clearTimeout(timer);
  timer = undefined;
  while (queue.length > 0 && inFlight < mostInFlight) {
    const messages = queue.slice(0, batchMessages);
    queue = queue.slice(batchMessages);
    inFlight++;
    producer.send({ topic, messages, acks: -1 }).finally(() => {
      inFlight--;
      if (queue.length < mostQueued) resume?.();
      send();
    });
  }
};

const client = mqtt.connect(url, {
  protocolVersion: 5,
  clientId: 'naive',
  clean: false,
  properties: { sessionExpiryInterval: 3600, receiveMaximum: 1000 },
});
client.handleMessage = ({ topic: from, payload }, done) => {
  queue.push({ key: from.slice(from.lastIndexOf('/') + 1), value: payload as Buffer, timestamp: String(Date.now()) });
  if (queue.length >= batchMessages) send();
  else timer ??= setTimeout(send, lingerMs);
  if (queue.length < mostQueued) done();
  else resume = done;
};
client.on('connect', () => {
  client.subscribe('mqttx/simulate/tesla/+', { qos: Number(qos) as 0 | 1 });
  process.send?.({ ready: true });
});
process.once('disconnect', () => process.exit());
