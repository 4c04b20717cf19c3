/** The session against a real HiveMQ, which sends fewer messages at once than it may, and has one queue for a shared subscription. */
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { SessionOptions } from '../../../bridge/mqtt/options.ts';
import { type RunningHivemq, startHivemq } from '../../real/hivemq.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { type ChaosProxy, startChaosProxy } from '../../support/chaos-proxy.ts';
import { Recording } from './support/recording.ts';

describeReal('hivemq')('a session with HiveMQ', () => {
  let hivemq: RunningHivemq;
  let publisher: MqttClient;
  let proxy: ChaosProxy | undefined;
  let count = 0;
  const recordings: Recording[] = [];

  beforeAll(async () => {
    hivemq = await startHivemq();
    publisher = await connectAsync(hivemq.url, { protocolVersion: 5, reconnectPeriod: 50 });
  });

  afterEach(async () => {
    await Promise.all(recordings.splice(0).map(({ session }) => session.close()));
    await proxy?.close();
    proxy = undefined;
  });

  afterAll(async () => {
    await publisher?.endAsync(true);
    await hivemq?.stop();
  });

  /** Options of a session of its own client id and topic. */
  function options(more: Partial<SessionOptions> = {}) {
    const topic = `test/${count++}`;
    const clientId = `session-${topic.replace('/', '-')}`;
    return { topic, urls: [hivemq.url], clientId, subscriptions: [{ filter: `${topic}/#`, qos: 2 as const }], ...more };
  }

  /** A connected session. */
  async function connect(settings: Partial<SessionOptions> & { urls: readonly string[] }): Promise<Recording> {
    const recording = new Recording(settings);
    recordings.push(recording.start());
    await recording.connectedTimes(1);
    return recording;
  }

  const settleAtOnce = (recording: Recording) => {
    recording.onMessage = (_, arrival) => recording.session.settle(arrival);
    recording.onReadEnd = () => recording.session.acknowledge();
  };

  const numbers = (length: number) => Array.from({ length }, (_, index) => String(index));

  const publish = (topic: string, payloads: readonly string[], qos: 0 | 1 | 2 = 1) =>
    Promise.all(payloads.map(payload => publisher.publishAsync(topic, payload, { qos })));

  /** Messages that wait for the session: HiveMQ sends them together, but a later one only when those under way are acknowledged. */
  async function queue(settings: Parameters<typeof connect>[0], ...sent: Parameters<typeof publish>) {
    await (await connect(settings)).session.close();
    await publish(...sent);
  }

  const versions = ['5', '3.1.1'] as const;
  const ways = versions.flatMap(version => (['tcp', 'WebSocket'] as const).map(name => ({ version, name })));

  it.each(ways)('MQTT $version over $name receives each QoS, small and large, in order', async ({ version, name }) => {
    const { topic, ...settings } = options({ version, urls: [name === 'tcp' ? hivemq.url : hivemq.urlWs] });
    const recording = await connect(settings);
    settleAtOnce(recording);
    const sent = numbers(300).map(each => `${each} ${'x'.repeat(Number(each) % 50 === 0 ? 200_000 : Number(each))}`);
    sent.forEach((payload, index) => void publisher.publish(`${topic}/x`, payload, { qos: (index % 3) as 0 | 1 | 2 }));
    await recording.messagesCame(sent.length);
    for (const qos of [0, 1, 2]) {
      const expected = sent.filter((_, index) => index % 3 === qos);
      expect(recording.messages.filter(message => message.qos === qos).map(({ payload }) => payload)).toEqual(expected);
    }
    expect(recording.events).toEqual(['connected']);
  });

  it.each([
    { version: '5', receiveMaximum: 100 },
    { version: '5', receiveMaximum: 20 },
    { version: '3.1.1', receiveMaximum: 100 },
  ] as const)('MQTT $version: a backlog of 5,000 comes in order, each once, and never more than $receiveMaximum at once', async limits => {
    const { topic, ...settings } = options(limits);
    const sent = numbers(5000);
    await queue(settings, `${topic}/x`, sent);
    const recording = new Recording(settings);
    const due: number[] = [];
    let most = 0;
    recording.onMessage = (_, arrival) => {
      due.push(arrival);
      most = Math.max(most, recording.session.unsettled);
    };
    recording.onReadEnd = () => {
      setImmediate(() => {
        for (const arrival of due.splice(0).reverse()) recording.session.settle(arrival);
        recording.session.acknowledge();
      });
    };
    recordings.push(recording.start());
    await recording.messagesCame(sent.length);
    expect(recording.payloads).toEqual(sent);
    expect(recording.events).toEqual(['connected']);
    expect(most).toBeLessThanOrEqual(limits.receiveMaximum);
  });

  it.each(
    versions,
  )('MQTT %s: what is not acknowledged comes again to the next process, the rest does not', async version => {
    const { topic, ...settings } = options({ version });
    await queue(settings, `${topic}/x`, ['a', 'b', 'c']);
    const recording = await connect(settings);
    await recording.messagesCame(3);
    recording.settle('a');
    recording.session.abandon();
    const again = await connect(settings);
    expect(again.connections[0]?.sessionPresent).toBe(true);
    await again.messagesCame(2);
    again.settle('b', 'c');
    await publish(`${topic}/x`, ['d']);
    await again.messagesCame(3);
    expect(again.messages.map(({ payload, dup }) => [payload, dup])).toEqual([
      ['b', true],
      ['c', true],
      ['d', false],
    ]);
  });

  it.each(versions)('MQTT %s: a connection that is cut again and again loses nothing', async version => {
    proxy = await startChaosProxy(hivemq.port);
    const { topic, ...settings } = options({ version, urls: [`mqtt://127.0.0.1:${proxy.port}`] });
    const recording = await connect(settings);
    settleAtOnce(recording);
    const sent = numbers(300);
    for (const cut of [1, 2, 3]) {
      const published = publish(`${topic}/x`, sent.slice((cut - 1) * 100, cut * 100));
      await recording.messagesCame(recording.messages.length + 1);
      proxy.cut('reset');
      await published;
      expect((await recording.connectedTimes(cut + 1)).sessionPresent).toBe(true);
    }
    await until('all messages', () => new Set(recording.payloads).size >= sent.length);
    expect([...new Set(recording.payloads)]).toEqual(sent);
  });

  it.each(versions)('MQTT %s: a cut in the middle of QoS 2 hands each message over once', async version => {
    proxy = await startChaosProxy(hivemq.port);
    const { topic, ...settings } = options({ version, urls: [`mqtt://127.0.0.1:${proxy.port}`] });
    await queue(settings, `${topic}/x`, ['a', 'b', 'c'], 2);
    const recording = await connect(settings);
    await recording.messagesCame(3);
    recording.settle('a', 'c');
    proxy.cut('reset');
    expect((await recording.connectedTimes(2)).sessionPresent).toBe(true);
    recording.settle('b');
    await publish(`${topic}/x`, ['d'], 2);
    await recording.messagesCame(4);
    expect(recording.payloads).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each(versions)('MQTT %s: members of a shared subscription divide the messages, each comes once', async version => {
    const { topic } = options();
    const subscriptions = [{ filter: `$share/group/${topic}/#`, qos: 1 as const }];
    const members = await Promise.all([1, 2].map(() => connect(options({ version, subscriptions }))));
    for (const member of members) settleAtOnce(member);
    const sent = numbers(200);
    const came = () => members.flatMap(({ payloads }) => payloads);
    // One after another: a burst goes to the member that got the first of it.
    for (const payload of sent) await publish(`${topic}/x`, [payload]);
    await until('all messages', () => came().length >= sent.length);
    expect(came().sort()).toEqual([...sent].sort());
    expect(Math.min(...members.map(({ messages }) => messages.length))).toBeGreaterThan(0);
  });

  it('what a dead member of a shared subscription has not acknowledged goes to the other', async () => {
    const { topic } = options();
    const subscriptions = [{ filter: `$share/group/${topic}/#`, qos: 1 as const }];
    const settings = options({ subscriptions });
    const sent = numbers(120);
    await queue(settings, `${topic}/x`, sent);
    const dies = await connect(settings);
    await dies.messagesCame(50);
    const lives = new Recording(options({ subscriptions }));
    recordings.push(lives);
    settleAtOnce(lives);
    lives.start();
    await lives.messagesCame(1);
    dies.settle('0');
    // The server reads packets in order: with the answer it has the PUBACK as well. It may not have worked it in when the end comes.
    expect(await dies.session.ping()).toBe(true);
    dies.session.abandon();
    const all = () => new Set(['0', ...lives.payloads]);
    await until('the rest', () => all().size >= sent.length);
    expect([...all()].sort()).toEqual([...sent].sort());
  });

  it('a session that another client takes over stops, and the other goes on with what was not acknowledged', async () => {
    const { topic, ...settings } = options();
    const first = await connect(settings);
    await publish(`${topic}/x`, ['a']);
    await first.messagesCame(1);
    const second = await connect(settings);
    expect(await first.failed()).toMatchObject({ code: 'mqtt-session-taken-over', kind: 'permanent' });
    await second.messagesCame(1);
    expect(second.payloads).toEqual(['a']);
    expect(second.connections[0]?.sessionPresent).toBe(true);
  });

  it.each(
    versions,
  )('MQTT %s: kill -9 of the server loses nothing that it had confirmed to the publisher', async version => {
    const { topic, ...settings } = options({ version, reconnect: { minDelayMs: 20, maxDelayMs: 100 } });
    const recording = await connect(settings);
    const sent = numbers(100);
    await publish(`${topic}/x`, sent.slice(0, 50));
    await publish(`${topic}/x`, sent.slice(50), 2);
    await hivemq.kill();
    await recording.lostTimes(1);
    await hivemq.start();
    expect((await recording.connectedTimes(2)).sessionPresent).toBe(true);
    recording.onMessage = (_, arrival) => recording.session.settle(arrival);
    recording.onReadEnd = () => recording.session.acknowledge();
    for (const { arrival } of recording.messages) recording.session.settle(arrival);
    recording.session.acknowledge();
    await until('all messages', () => new Set(recording.payloads).size >= sent.length);
    expect([...new Set(recording.payloads)]).toEqual(sent);
  });
});
