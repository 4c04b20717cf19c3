/**
 * Which messages become records at real brokers, and how often: filters that overlap, documents that were edited while the session lived,
 * messages that were stored before, and messages above the largest packet.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../bridge/main.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { startHivemq } from '../real/hivemq.ts';
import { startMosquitto } from '../real/mosquitto.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { type ChaosProxy, startChaosProxy } from '../support/chaos-proxy.ts';

type Version = '5' | '3.1.1';

const brokers = [
  ['mosquitto', () => startMosquitto()],
  ['hivemq', () => startHivemq()],
] as const;

for (const [name, startBroker] of brokers) {
  describeReal(name)(`with ${name}`, () => {
    let broker: Awaited<ReturnType<typeof startBroker>>;
    let kafka: EmbeddedKafka;
    let client: MqttClient;
    let proxy: ChaosProxy;
    let count = 0;
    const bridges: Bridge[] = [];

    beforeAll(async () => {
      broker = await startBroker();
      proxy = await startChaosProxy(broker.port);
      client = await connectAsync(broker.url, { protocolVersion: 5 });
    });

    afterEach(async () => {
      await Promise.all(bridges.splice(0).map(bridge => bridge.stop()));
      await kafka.stop();
    });

    afterAll(async () => {
      await client?.endAsync(true);
      await proxy?.close();
      await broker?.stop();
    });

    /** A root of topics that no other test has, and a Kafka for its records: a topic for each rule, and one for dead letters. */
    async function stage(rules: number): Promise<string> {
      const names = [...Array.from({ length: rules }, (_, index) => `r${index + 1}`), 'dead'];
      kafka = await startEmbeddedKafka({ topics: names.map(each => ({ name: each, partitions: 1 })) });
      return `${name}${count++}`;
    }

    /** Starts the bridge of this test with a rule for each FROM; `mqtt` overrides. */
    async function start(root: string, froms: readonly string[], mqtt: Record<string, unknown> = {}): Promise<Bridge> {
      const document = completeDocument({
        apiVersion: 'mqttkafka.dev/v1alpha1',
        kind: 'MqttKafkaBridge',
        metadata: { name: root },
        spec: {
          mqtt: { url: `mqtt://127.0.0.1:${proxy.port}`, version: '5', ...mqtt },
          kafka: { bootstrapServers: [kafka.bootstrap] },
          delivery: { onFailure: { deadLetter: { topic: 'dead' } } },
          rules: froms.map((from, index) => ({
            name: `r${index + 1}`,
            sql: `SELECT payload, flags.retain AS stored FROM ${from}`,
            sinks: [{ kafka: { topic: `r${index + 1}`, value: '${payload} ${stored}' } }],
          })),
        },
      });
      const bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
      bridges.push(bridge);
      await bridge.start();
      return bridge;
    }

    const records = (topic: string) => kafka.records(topic).map(({ value }) => String(value));

    async function publish(topic: string, payloads: readonly string[], retain = false): Promise<void> {
      for (const [index, payload] of payloads.entries())
        await client.publishAsync(topic, payload, { qos: retain ? 1 : ((index % 3) as 0 | 1 | 2), retain });
    }

    const numbered = (prefix: string, length: number) => Array.from({ length }, (_, index) => `${prefix}${index}`);

    /** All that was published before has come: QoS 0 is another queue at some brokers, so each has its marker. */
    async function arrived(bridge: Bridge, topic: string, marker: string): Promise<void> {
      for (const qos of [0, 1, 2] as const) await client.publishAsync(topic, `${marker}-${qos}`, { qos });
      await until('the markers', () => [0, 1, 2].every(qos => records('r1').includes(`${marker}-${qos} false`)));
      await until('all outcomes', () => bridge.account.inFlight === 0);
    }

    const without = (marker: string, topic: string) => records(topic).filter(each => !each.startsWith(marker));

    const live = (payloads: readonly string[]) => payloads.map(each => `${each} false`).sort();

    // Each copy went through both rules: four records for a message.
    test.each([
      ['5', undefined],
      ['3.1.1', undefined],
      ['5', 'group'],
    ] as const)('a message of overlapping filters goes through each rule once (MQTT %s, share: %s)', async (version, share) => {
      const root = await stage(4);
      const [first, second] = [`"${root}/+/b"`, `"${root}/a/+"`];
      const bridge = await start(root, [first, second, `${first}, ${second}`, `"${root}/a/b"`], { version, share });
      const sent = numbered('m', 60);
      await publish(`${root}/a/b`, sent);
      await arrived(bridge, `${root}/a/b`, 'end');
      await until('the other rules', () => ['r2', 'r3', 'r4'].every(topic => records(topic).length >= 63));
      for (const topic of ['r1', 'r2', 'r3', 'r4']) expect(without('end', topic).sort()).toEqual(live(sent));
    });

    // Every message came twice for as long as the session lived, and went through the rule twice.
    test.each([
      ['#', '+'],
      ['+', '#'],
      ['a', '+'],
    ])('a session whose document changed from /%s to /%s loses nothing, and its old filter is given up', async (before, after) => {
      const root = await stage(1);
      const topic = `${root}/a`;
      const old = await start(root, [`"${root}/${before}"`]);
      await publish(topic, numbered('before', 30));
      await arrived(old, topic, 'end1');
      await old.stop();
      const meanwhile = numbered('meanwhile', 30);
      for (const payload of meanwhile) await client.publishAsync(topic, payload, { qos: 1 });
      const bridge = await start(root, [`"${root}/${after}"`]);
      const sent = numbered('after', 60);
      await publish(topic, sent);
      await arrived(bridge, topic, 'end2');
      const got = [...without('end', 'r1')].filter(each => !each.startsWith('before'));
      expect([...new Set(got)].sort()).toEqual(live([...meanwhile, ...sent]));
      // The copies of one message may come in either order: at most the first comes twice.
      expect(got.length).toBeLessThanOrEqual(91);
      expect(bridge.retried.get('mqtt-old-subscription')).toBe(1);
      const received = bridge.account.received;
      for (let index = 0; index < 10; index++) await client.publishAsync(topic, `single${index}`, { qos: 1 });
      await until('the last', () => records('r1').includes('single9 false'));
      await until('all outcomes', () => bridge.account.inFlight === 0);
      expect(bridge.account.received - received).toBe(10);
    });

    test('filters that the document names are given up', async () => {
      const root = await stage(1);
      const topic = `${root}/a`;
      const old = await start(root, [`"${root}/a"`], { share: 'before' });
      await old.stop();
      const clientId = `${root}-0`;
      const filter = `$share/before/${root}/a`;
      const bridge = await start(root, [`"${root}/+"`], { clientId, unsubscribe: [filter] });
      await until('one copy of a message', async () => {
        const { received } = bridge.account;
        await arrived(bridge, topic, `end${received}`);
        return bridge.account.received === received + 3;
      });
      const { received } = bridge.account;
      await publish(topic, numbered('m', 30));
      await arrived(bridge, topic, 'end');
      expect(without('end', 'r1').sort()).toEqual(live(numbered('m', 30)));
      expect(bridge.account.received - received).toBe(33);
    });

    const expected = {
      all: { first: 1, restart: 2, reconnect: 2 },
      new: { first: 1, restart: 1, reconnect: 1 },
      none: { first: 0, restart: 0, reconnect: 0 },
    } as const;
    const versions: readonly Version[] = ['5', '3.1.1'];
    const kinds = ['all', 'new', 'none'] as const;

    // With MQTT 3.1.1 each start wrote all of them again; with 5 a live message looked like a stored one.
    test.each(
      versions.flatMap(version => kinds.map(retained => ({ version, retained }))),
    )('`retained: $retained` means the same with MQTT $version', async ({ version, retained }) => {
      const root = await stage(1);
      const topic = `${root}/a`;
      await publish(topic, ['kept'], true);
      const mqtt = { version, retained };
      const stored = () => records('r1').filter(each => each === 'kept true').length;
      const first = await start(root, [`"${root}/+"`], mqtt);
      await arrived(first, `${root}/b`, 'end1');
      // HiveMQ sends what was stored beside what is published.
      await until('what was stored', () => stored() >= expected[retained].first);
      expect(stored()).toBe(expected[retained].first);
      await first.stop();
      const second = await start(root, [`"${root}/+"`], mqtt);
      await arrived(second, `${root}/b`, 'end2');
      await until('what was stored', () => stored() >= expected[retained].restart);
      expect(stored()).toBe(expected[retained].restart);
      const connections = second.mqttConnections;
      proxy.cut('reset');
      await until('the reconnect', () => second.mqttConnections > connections);
      await arrived(second, `${root}/b`, 'end3');
      await until('what was stored', () => stored() >= expected[retained].reconnect);
      expect(stored()).toBe(expected[retained].reconnect);
      // Published now, with RETAIN: WHERE NOT flags.retain must not lose it.
      await publish(topic, ['live'], true);
      await until('the live one', () => records('r1').includes('live false'));
      await publish(topic, [''], true);
    });

    // The bridge ended at each start: the broker sent the same message again.
    test.each([
      0, 1, 2,
    ] as const)('a message of QoS %i above the largest packet is a dead letter, with MQTT 3.1.1', async qos => {
      const root = await stage(1);
      const bridge = await start(root, [`"${root}/+"`], { version: '3.1.1', maximumPacketSize: '64KiB' });
      await client.publishAsync(`${root}/a`, 'x'.repeat(3_000_000), { qos });
      await client.publishAsync(`${root}/a`, 'small', { qos });
      await until('the next one', () => records('r1').length === 1 && records('dead').length === 1);
      const [letter] = kafka.records('dead');
      expect(letter!.value?.length).toBe(65_536);
      expect(Object.fromEntries(letter!.headers.map(([key, value]) => [key, String(value)]))).toMatchObject({
        'mkb.error.code': 'mqtt-packet-too-large',
        'mkb.truncated.from.bytes': '3000000',
        'mqtt.topic': `${root}/a`,
      });
      await until('its outcome', () => bridge.account.count('dead_lettered') === 1);
      await bridge.stop();
      const again = await start(root, [`"${root}/+"`], { version: '3.1.1', maximumPacketSize: '64KiB' });
      await arrived(again, `${root}/a`, 'end');
      expect(again.account.received).toBe(3);
    });
  });
}
