// Bytes that are no request must not end the demo: its ports are open to every program of the machine.
import { createCipheriv } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import mqtt from 'mqtt';
import { generate } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apisByKey } from '../../../demo/embedded/apis/table.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { attack, attacks, leavings } from '../../network/support/attacks.ts';
import { WireClient } from './wire-client.ts';

/** Bytes at random, the same at each run. */
const noise = () => {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 9), Buffer.alloc(16));
  return (length: number): Buffer => cipher.update(Buffer.alloc(length));
};

/** Copies of some bytes, each with a few others in them or cut short. */
function damaged(bytes: Buffer, count: number, random: (length: number) => Buffer): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const copy = Buffer.from(bytes);
    for (const [at, value] of [...random(6)].entries()) if (at % 2 === 0) copy[value % copy.length] = random(1)[0]!;
    return index % 4 === 0 ? copy.subarray(0, random(1)[0]! % copy.length) : copy;
  });
}

const all = async (port: number, payloads: readonly Buffer[], patienceMs = 30): Promise<void> => {
  for (let from = 0; from < payloads.length; from += 50) {
    const some = payloads.slice(from, from + 50);
    await Promise.all(
      some.map((bytes, index) => attack({ port, tls: false }, bytes, leavings[index % 3]!, patienceMs)),
    );
  }
};

describe('the embedded Kafka', () => {
  let kafka: EmbeddedKafka;
  beforeAll(async () => {
    kafka = await startEmbeddedKafka({ topics: [{ name: 'events', partitions: 2 }] });
  });
  afterAll(() => kafka.stop());

  const isWell = async () => {
    const client = await WireClient.connect(kafka.bootstrap);
    await client.close();
  };
  const port = () => kafka.cluster.node(1).port;
  const framed = (frame: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(frame.length);
    return Buffer.concat([length, frame]);
  };

  test('goes on after every request of HTTP', async () => {
    await all(
      port(),
      Object.values(attacks).map(bytes => Buffer.from(bytes)),
    );
    await isWell();
  });

  test('goes on after each of its requests with a body at random, in each version', async () => {
    const random = noise();
    const requests = [...apisByKey].flatMap(([key, api]) =>
      Array.from({ length: api.versions[1] - api.versions[0] + 2 }, (_, more) => {
        const header = Buffer.from('0000000000000001000461626364', 'hex');
        header.writeInt16BE(key, 0);
        header.writeInt16BE(api.versions[0] + more, 2);
        return [
          random(0),
          random(9),
          random(300),
          Buffer.alloc(64, 0xff),
          Buffer.alloc(64, 0x7f),
          Buffer.alloc(64),
        ].map(body => framed(Buffer.concat([header, body])));
      }).flat(),
    );
    await all(port(), requests);
    await isWell();
  });

  test('has no topic of two billion partitions', async () => {
    const admin = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const huge = admin.createTopics({ topics: [{ topic: 'huge', numPartitions: 0x7fffffff }] });
    await expect(huge).rejects.toThrow();
    const grown = admin.createPartitions({ topicPartitions: [{ topic: 'events', count: 0x7fffffff }] });
    await expect(grown).rejects.toThrow();
    await admin.disconnect();
  });

  test.each([
    ['none', 0],
    ['below zero', -1],
    ['the largest', 0x7fffffff],
    ['all that it takes', 100 * 1024 * 1024],
  ])('goes on after a length of %s', async (_, length) => {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(length);
    await all(
      port(),
      Array.from({ length: 20 }, () => bytes),
    );
    await isWell();
  });
});

describe('the embedded MQTT', () => {
  let server: EmbeddedMqtt;
  beforeAll(async () => {
    server = await startEmbeddedMqtt();
  });
  afterAll(() => server.stop());

  const isWell = async () => {
    const client = await mqtt.connectAsync(server.url, { reconnectPeriod: 0, connectTimeout: 5000 });
    const came = new Promise<string>(resolve => client.once('message', (_, payload) => resolve(`${payload}`)));
    await client.subscribeAsync('well', { qos: 1 });
    await client.publishAsync('well', 'yes', { qos: 1 });
    expect(await came).toBe('yes');
    await client.endAsync(true);
  };

  const connect = generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: false,
    clientId: 'attacker',
    keepalive: 60,
    will: { topic: 'will', payload: Buffer.from('w'), qos: 2, retain: true },
  });
  const packets = [
    generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a/#', qos: 2 }] }),
    generate({ cmd: 'publish', topic: 'a/b', payload: 'p', qos: 2, messageId: 2, retain: true, dup: false }),
    generate({ cmd: 'pubrel', messageId: 2 }),
    generate({ cmd: 'puback', messageId: 77 }),
    generate({ cmd: 'pubcomp', messageId: 78 }),
    generate({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['a/#', '+/a#'] }),
    generate({ cmd: 'publish', topic: '$SYS/x', payload: 'p', qos: 1, messageId: 4, retain: false, dup: true }),
  ];

  test('goes on after every request of HTTP, and bytes at random', async () => {
    const random = noise();
    await all(
      server.port,
      Object.values(attacks).map(bytes => Buffer.from(bytes)),
    );
    await all(
      server.port,
      Array.from({ length: 200 }, () => random(200)),
    );
    await isWell();
  });

  test('goes on after packets with a few wrong bytes', async () => {
    const random = noise();
    await all(server.port, damaged(connect, 200, random));
    const sessions = packets.map(packet => Buffer.concat([connect, packet]));
    await all(server.port, [...sessions, ...sessions, ...sessions]);
    await all(
      server.port,
      packets.flatMap(packet => damaged(packet, 60, random).map(wrong => Buffer.concat([connect, wrong]))),
    );
    await isWell();
  });

  test.each([
    ['a length of 256 MiB', '30ffffff7f'],
    ['a length that does not end', '30ffffffffff'],
    ['a packet before CONNECT', '32050001610001'],
    ['two CONNECTs', connect.toString('hex').repeat(2)],
    ['a reserved packet', `${connect.toString('hex')}f000`],
    ['QoS 3', `${connect.toString('hex')}360500016100ff`],
    ['a topic with wildcards', `${connect.toString('hex')}300400012b61`],
    ['a topic that is longer than its packet', `${connect.toString('hex')}3004ffff6161`],
  ])('goes on after %s', async (_, hex) => {
    await all(
      server.port,
      Array.from({ length: 9 }, () => Buffer.from(hex, 'hex')),
      100,
    );
    await isWell();
  });
});
