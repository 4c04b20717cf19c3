/** A Mosquitto that connects to the bridge as to any remote broker: a site with a broker of its own, whose messages go on to Kafka and come back. */
import { Kafka, logLevel } from 'kafkajs';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { type Stage, stage } from '../bridge/listen/support/stage.ts';
import { type RunningMosquitto, startMosquitto } from '../real/mosquitto.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';

describeReal('mosquitto')('Mosquitto as a bridge', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** What docs/devices-to-kafka.md says that Mosquitto needs. */
  const bridgeTo = async (current: Stage, version: string): Promise<RunningMosquitto> => {
    const mosquitto = await startMosquitto({
      config: {
        connection: 'kafka',
        address: `127.0.0.1:${current.port}`,
        topic: '# both 1 site/ site/1/',
        bridge_protocol_version: version,
        cleansession: 'false',
        notifications_local_only: 'true',
        bridge_outgoing_retain: 'false',
        restart_timeout: '1',
      },
    });
    closing.push(() => mosquitto.stop());
    return mosquitto;
  };

  const client = async (url: string, topic: string): Promise<{ it: MqttClient; got: string[] }> => {
    const it = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
    closing.push(() => it.endAsync(true));
    const got: string[] = [];
    it.on('message', (from, payload) => got.push(`${from} ${payload}`));
    await it.subscribeAsync(topic, { qos: 1 });
    return { it, got };
  };

  const fleet = {
    name: 'fleet',
    sql: 'SELECT payload FROM "site/#"',
    sinks: [{ kafka: { topic: 'out', key: '${topic}' } }],
  };
  const names = Array.from({ length: 50 }, (_, number) => `${number}`);

  // A bridge of MQTT 3.1.1 got back what it had published, published that, and so on.
  test.each(['mqttv311', 'mqttv50'])('of %s: messages go both ways, each once, and to Kafka', async version => {
    const current = await stage({ clients: { route: true }, rules: [fleet] });
    closing.push(() => current[Symbol.asyncDispose]());
    const mosquitto = await bridgeTo(current, version);
    const { sessions } = current.bridge.listener!.listener.subscribing;
    await until(`Mosquitto to subscribe:\n${mosquitto.log()}`, () => sessions.subscribed > 0);
    const there = await client(mosquitto.url, 'site/#');
    const here = await client(current.url, 'site/1/#');
    for (const name of names) {
      await there.it.publishAsync('site/up', name, { qos: 1 });
      await here.it.publishAsync('site/1/down', name, { qos: 1 });
    }
    await until('all messages on both sides', () => there.got.length >= 100 && here.got.length >= 100);
    await current.untilRecords(100);
    // One more, behind all others.
    await here.it.publishAsync('site/1/down', 'last', { qos: 1 });
    await until('the last one', () => there.got.at(-1) === 'site/down last');
    const of = (got: readonly string[], topic: string) => got.filter(each => each.startsWith(`${topic} `));
    expect(of(there.got, 'site/down')).toEqual([...names, 'last'].map(name => `site/down ${name}`));
    expect(of(here.got, 'site/1/up')).toEqual(names.map(name => `site/1/up ${name}`));
    expect([there.got.length, here.got.length]).toEqual([101, 101]);
    const records = current.records();
    expect(records.filter(({ key }) => key === 'site/1/up').map(({ value }) => value)).toEqual(names);
  });

  test.each(['mqttv311', 'mqttv50'])('of %s: records reach its clients by a rule, without route', async version => {
    const commands = {
      name: 'commands',
      sql: 'SELECT value FROM "$kafka/out2"',
      sinks: [{ mqtt: { topic: 'site/1/${key}', payload: '${value}' } }],
    };
    const current = await stage({ rules: [fleet, commands] });
    closing.push(() => current[Symbol.asyncDispose]());
    const mosquitto = await bridgeTo(current, version);
    const { sessions } = current.bridge.listener!.listener.subscribing;
    await until(`Mosquitto to subscribe:\n${mosquitto.log()}`, () => sessions.subscribed > 0);
    const there = await client(mosquitto.url, 'site/#');
    const producer = new Kafka({ brokers: [current.kafka.bootstrap], logLevel: logLevel.NOTHING }).producer();
    closing.push(() => producer.disconnect());
    await producer.connect();
    await producer.send({ topic: 'out2', messages: names.map(value => ({ key: 'commands', value })) });
    await until('all commands', () => there.got.length >= names.length);
    expect(there.got).toEqual(names.map(name => `site/commands ${name}`));
  });
});
