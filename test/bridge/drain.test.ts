/** Draining, against a server whose every answer a test says; with real brokers it is in test/faults/drain.test.ts. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { findBuffers, stateOf } from '../../bridge/buffer/inspect.ts';
import { type Drain, type DrainOptions, prepareDrain } from '../../bridge/drain.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { until } from '../real/until.ts';
import { publish, pubrel } from './mqtt/support/scripted-server.ts';
import { SessionKeeper } from './support/session-keeper.ts';

let kafka: EmbeddedKafka;
let keeper: SessionKeeper;
let controller: AbortController;

beforeEach(async () => {
  controller = new AbortController();
  keeper = await SessionKeeper.start();
  kafka = await startEmbeddedKafka({ topics: [{ name: 't', partitions: 1 }], autoCreateTopics: false });
});

afterEach(async () => {
  controller.abort();
  await Promise.all([kafka.stop(), keeper.stop()]);
});

const prepare = (spec: Record<string, unknown> = {}, options: Partial<DrainOptions> = {}): Promise<Drain> => {
  const sinks = [{ kafka: { topic: 't' } }];
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: keeper.server.url, share: 'group', sessionExpiry: '1h', reconnect: { minDelay: '1ms' } },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      rules: [
        { name: 'r', sql: 'SELECT payload FROM "a/{id}"', sinks },
        { name: 's', sql: 'SELECT payload FROM "s/#", "a/1"', sinks },
      ],
      ...spec,
    },
  });
  const log = pino({ level: 'silent' });
  return prepareDrain(document, { secrets: { secretsDir: '' }, log, ordinal: 2, everyMs: 5, ...options });
};

const drain = async (spec: Record<string, unknown> = {}) => (await prepare(spec)).run(controller.signal);

const payloads = () => kafka.records('t').map(({ value }) => value?.toString());

/** What the server of a session that is drained sees; `pubacks` between. */
const conversation = (...pubacks: string[]) => [
  'connect b-2, kept 3600 s',
  ...pubacks,
  'unsubscribe $share/group/a/+ $share/group/s/#',
  'disconnect',
  'connect b-2 again, kept 0 s',
  'disconnect',
];

describe('a session that is drained', () => {
  it('is emptied into Kafka, then its subscriptions are given up as they were made, and then it is ended', async () => {
    keeper.script.connected = peer => peer.send(publish(1), publish(2), publish(3));
    expect(await drain()).toEqual({ sessionPresent: true, messages: new Map([['delivered', 3]]) });
    expect(payloads()).toEqual(['m1', 'm2', 'm3']);
    expect(keeper.packets).toEqual(conversation('puback 1', 'puback 2', 'puback 3'));
  });

  // A broker that goes with its bridge has the session on its volume: what it acknowledges in its last seconds would have had no subscriber.
  it('stays subscribed where only what waits is wanted', async () => {
    keeper.script.connected = peer => peer.send(publish(1), publish(2));
    const report = await (await prepare({}, { keepSession: true })).run(controller.signal);
    expect(report.messages).toEqual(new Map([['delivered', 2]]));
    expect(keeper.packets).toEqual(['connect b-2, kept 3600 s', 'puback 1', 'puback 2', 'disconnect']);
  });

  it('may be empty', async () => {
    expect(await drain()).toEqual({ sessionPresent: true, messages: new Map() });
    expect(keeper.packets).toEqual(conversation());
  });

  it('takes no part in what goes from Kafka to MQTT', async () => {
    const back = { name: 'back', sql: 'SELECT value FROM "$kafka/t"', sinks: [{ mqtt: { topic: 'a' } }] };
    const forth = { name: 'r', sql: 'SELECT payload FROM "a/{id}"', sinks: [{ kafka: { topic: 't' } }] };
    keeper.script.connected = peer => peer.send(publish(1));
    await drain({ rules: [forth, back] });
    expect(payloads()).toEqual(['m1']);
    expect(keeper.packets.filter(packet => packet.startsWith('connect'))).toEqual([
      'connect b-2, kept 3600 s',
      'connect b-2 again, kept 0 s',
    ]);
  });

  it('takes its static member out of the consumer group, which would keep partitions for a minute', async () => {
    const back = { name: 'back', sql: 'SELECT value FROM "$kafka/t"', sinks: [{ mqtt: { topic: 'a' } }] };
    const forth = { name: 'r', sql: 'SELECT payload FROM "a/{id}"', sinks: [{ kafka: { topic: 't' } }] };
    const left = kafka.faults.add({ api: 'LeaveGroup', times: Number.POSITIVE_INFINITY });
    await drain({ rules: [forth, back] });
    expect(left.hits).toBe(0);
    const consumer = { groupInstanceId: 'cars' };
    await drain({ rules: [forth, back], kafka: { bootstrapServers: [kafka.bootstrap], consumer } });
    expect(left.hits).toBe(1);
  });

  it('is the only one of a bridge that shares no subscription, whatever the ordinal', async () => {
    keeper.script.connected = peer => peer.send(publish(1));
    await drain({ mqtt: { url: keeper.server.url, sessionExpiry: '1h' } });
    expect(payloads()).toEqual(['m1']);
    expect(keeper.packets).toEqual([
      'connect b, kept 3600 s',
      'puback 1',
      'unsubscribe a/+ s/#',
      'disconnect',
      'connect b again, kept 0 s',
      'disconnect',
    ]);
  });

  it('gives to the dead letters what a rule cannot deliver', async () => {
    keeper.script.connected = peer => peer.send(publish(1), publish(2, { payload: '{"speed":1}' }));
    const rule = { name: 'r', sql: 'SELECT payload.speed AS speed FROM "a/+"', sinks: [{ kafka: { topic: 't' } }] };
    kafka.cluster.createTopic('dead', 1);
    const delivery = { onFailure: { deadLetter: { topic: 'dead' } } };
    const { messages } = await drain({ rules: [rule], delivery });
    expect([...messages]).toEqual([
      ['delivered', 1],
      ['dead_lettered', 1],
    ]);
    expect(kafka.records('dead').map(({ value }) => value?.toString())).toEqual(['m1']);
  });

  it('is given what the server fetches only after it has answered a ping, as HiveMQ does', async () => {
    keeper.script.pinged = (peer, count) => {
      if (count === 3) setImmediate(() => peer.send(publish(1), publish(2)));
      return true;
    };
    await drain();
    expect(keeper.packets).toEqual(conversation('puback 1', 'puback 2'));
  });

  it('is not ended before what still comes when the subscriptions are given up', async () => {
    let pings = 0;
    keeper.script.pinged = peer => {
      if (keeper.unsubscribed && ++pings === 5) setImmediate(() => peer.send(publish(7)));
      return true;
    };
    await drain();
    expect(payloads()).toEqual(['m7']);
    const unsubscribed = keeper.packets.findIndex(packet => packet.startsWith('unsubscribe'));
    expect(keeper.packets.slice(unsubscribed + 1, unsubscribed + 3)).toEqual(['puback 7', 'disconnect']);
  });

  it('is not ended while Kafka has not taken a message', async () => {
    const released = Promise.withResolvers<void>();
    const fault = kafka.faults.add({ api: 'Produce', until: released.promise });
    keeper.script.connected = peer => peer.send(publish(1));
    let pings = 0;
    keeper.script.pinged = () => ++pings > 0;
    const drained = drain();
    await fault.met();
    await until('more looks than silence and patience take', () => pings > 60);
    expect(keeper.packets).toEqual(['connect b-2, kept 3600 s']);
    released.resolve();
    await drained;
    expect(keeper.packets).toEqual(conversation('puback 1'));
  });

  it('is not ended before the exchanges of QoS 2 are complete', async () => {
    keeper.script.connected = peer => peer.send(publish(1, { qos: 2 }));
    keeper.script.pinged = (peer, count) => {
      if (count === 12) peer.send(pubrel(1));
      return true;
    };
    await drain();
    expect(keeper.packets).toEqual(conversation('pubrec 1', 'pubcomp 1'));
  });

  it('is not taken for empty because the server does not answer', async () => {
    const since = performance.now();
    const silenceMs = 8 * 5;
    keeper.script.pinged = peer => {
      keeper.script.pinged = () => true;
      void until('a freeze that is longer than silence', () => performance.now() - since > 5 * silenceMs).then(() =>
        peer.send(publish(1), { cmd: 'pingresp' }),
      );
      return false;
    };
    await drain();
    expect(keeper.packets).toEqual(conversation('puback 1'));
  });
});

describe('a buffer on disk', () => {
  let folder: string;
  beforeEach(() => (folder = temporaryFolder('drained-buffer')));
  afterEach(() => removeFolder(folder));
  const delivery = () => ({ buffer: { mode: 'disk', path: folder, maxBytes: '1MiB' }, shutdownTimeout: '50ms' });

  /** A drain that was broken off when the message was on the disk, and Kafka had not taken it. */
  async function interrupted(): Promise<void> {
    const released = Promise.withResolvers<void>();
    kafka.faults.add({ api: 'Produce', until: released.promise });
    keeper.script.connected = peer => peer.send(publish(1));
    const drained = expect(drain({ delivery: delivery() })).rejects.toMatchObject({ code: 'drain-unfinished' });
    await until('the acknowledgement', () => keeper.packets.includes('puback 1'));
    controller.abort('it was stopped');
    await drained;
    released.resolve();
    kafka.faults.clear();
    controller = new AbortController();
    keeper.script.connected = () => undefined;
  }

  // The session had ended, and with it went what the bridge had acknowledged.
  it('is delivered although the server has no session', async () => {
    await interrupted();
    keeper.script.sessionPresent = false;
    const report = await drain({ delivery: delivery() });
    expect(report).toEqual({ sessionPresent: false, messages: new Map([['delivered', 1]]) });
    expect(new Set(payloads())).toEqual(new Set(['m1']));
  });

  it('is left alone where the drain has not got it', async () => {
    await interrupted();
    const before = await findBuffers(folder);
    keeper.script.connected = peer => peer.send(publish(2));
    const report = await (await prepare({ delivery: delivery() }, { buffer: false })).run(controller.signal);
    expect(report.messages).toEqual(new Map([['delivered', 1]]));
    expect(payloads()).toContain('m2');
    expect((await stateOf(before[0]!)).messages).toBe(1);
  });
});

describe('without silence', () => {
  it('the subscriptions are given up all the same, while messages are published all the time', async () => {
    let sent = 0;
    keeper.script.pinged = peer => {
      if (!keeper.unsubscribed) peer.send(publish(++sent));
      return true;
    };
    await drain();
    expect(sent).toBeGreaterThan(20);
    expect(new Set(payloads()).size).toBe(sent);
    expect(keeper.packets.at(-1)).toBe('disconnect');
  });

  it('it ends although messages go on coming that no rule wants any more, by a filter of an older document', async () => {
    let sent = 0;
    keeper.script.pinged = peer => {
      peer.send(publish(++sent, { topic: 'old/1' }));
      return true;
    };
    const { messages } = await drain();
    expect([...messages.keys()]).toEqual(['no_rule']);
    expect(payloads()).toEqual([]);
    expect(keeper.packets.at(-1)).toBe('disconnect');
  });
});

describe('a session that is not there', () => {
  it('needs no draining, and the one that connecting made is not left behind', async () => {
    keeper.script.sessionPresent = false;
    expect(await drain()).toEqual({ sessionPresent: false, messages: new Map() });
    expect(keeper.packets).toEqual([
      'connect b-2, kept 3600 s',
      'disconnect',
      'connect b-2 again, kept 0 s',
      'disconnect',
    ]);
  });
});

describe('a connection that is cut', () => {
  it('midway is made again, and what comes again is delivered and acknowledged', async () => {
    let connections = 0;
    keeper.script.connected = peer => {
      if (++connections > 1) peer.send(publish(2, { dup: true }), publish(3));
      else peer.send(publish(1), publish(2));
    };
    keeper.script.pinged = peer => {
      if (connections === 1) peer.cut();
      return true;
    };
    await drain();
    expect(new Set(payloads())).toEqual(new Set(['m1', 'm2', 'm3']));
    expect(keeper.packets.slice(-6)).toEqual(['puback 2', 'puback 3', ...conversation().slice(1)]);
  });

  it('before the subscriptions are confirmed as given up has them given up again', async () => {
    let requests = 0;
    keeper.script.unsubscribed = peer => {
      if (++requests === 1) peer.cut();
      return requests > 1;
    };
    await drain();
    expect(requests).toBe(2);
    expect(keeper.packets.at(-2)).toBe('connect b-2 again, kept 0 s');
  });
});

describe('a drain that is broken off', () => {
  it('acknowledges what is in Kafka, keeps the session, and says how far it came', async () => {
    keeper.script.connected = peer => peer.send(publish(1), publish(2));
    const drained = drain();
    drained.catch(() => undefined);
    await until('the messages', () => keeper.packets.includes('puback 2'));
    controller.abort('it was told to stop');
    await expect(drained).rejects.toMatchObject({
      code: 'drain-unfinished',
      kind: 'retryable',
      details: { clientId: 'b-2', why: 'it was told to stop', drained: 2, unacknowledged: 0 },
    });
    expect(keeper.packets).toEqual(['connect b-2, kept 3600 s', 'puback 1', 'puback 2', 'disconnect']);
  });

  it('tells what was away, and what it could not deliver', async () => {
    const released = Promise.withResolvers<void>();
    const fault = kafka.faults.add({ api: 'Produce', until: released.promise, times: Number.POSITIVE_INFINITY });
    keeper.script.connected = peer => peer.send(publish(1));
    const drained = drain({ delivery: { shutdownTimeout: '100ms' } });
    drained.catch(() => undefined);
    await fault.met();
    controller.abort('the timeout of 1s has passed');
    await expect(drained).rejects.toMatchObject({ details: { drained: 0, unacknowledged: 1 } });
    released.resolve();
    expect(keeper.packets).toEqual(['connect b-2, kept 3600 s', 'disconnect']);
  });

  it('while Kafka is away has not touched the session', async () => {
    await kafka.stop();
    const drained = drain();
    drained.catch(() => undefined);
    controller.abort('the timeout of 1s has passed');
    await expect(drained).rejects.toMatchObject({
      details: { why: 'the timeout of 1s has passed, and MQTT is not connected, and Kafka is not connected' },
    });
    expect(keeper.packets).toEqual([]);
  });
});

describe('a drain fails', () => {
  it('when the replica is still there and takes its session back', async () => {
    keeper.script.pinged = peer => {
      peer.send({ cmd: 'disconnect', reasonCode: 0x8e });
      return false;
    };
    await expect(drain()).rejects.toMatchObject({ code: 'mqtt-session-taken-over' });
    expect(keeper.packets).toEqual(['connect b-2, kept 3600 s']);
  });

  it('when a topic of the document is gone', async () => {
    const rules = [{ name: 'r', sql: 'SELECT payload FROM "a/+"', sinks: [{ kafka: { topic: 'gone' } }] }];
    await expect(drain({ rules })).rejects.toMatchObject({ code: 'kafka-unknown-topic' });
    expect(keeper.packets).toEqual([]);
  });
});
