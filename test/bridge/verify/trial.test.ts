// Whether a broker keeps what it acknowledges was not known before it had lost messages in production, and then nobody knew by which setting.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import { createLog } from '../../../bridge/observe/log.ts';
import { risks, suspects } from '../../../bridge/verify/suspects.ts';
import { runTrial, type TrialFault, type TrialOptions, type TrialResult } from '../../../bridge/verify/trial.ts';
import { trialDocument } from '../../../bridge/verify/trial-document.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { documentOf, load, ruleOf } from '../../api/support/documents.ts';
import { type MosquittoOptions, type RunningMosquitto, startMosquitto } from '../../real/mosquitto.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';

let kafka: EmbeddedKafka;
beforeAll(async () => {
  kafka = await startEmbeddedKafka({ topics: [{ name: 'cars', partitions: 2 }], autoCreateTopics: false });
});
afterAll(() => kafka?.stop());

const bridgeAway: TrialFault = { name: 'the bridge is away', side: 'bridge', act: async () => undefined };

interface Tried {
  readonly result: TrialResult;
  readonly left: readonly MkbError[];
  readonly mosquitto: RunningMosquitto;
}

async function withMosquitto(options: MosquittoOptions, work: (mosquitto: RunningMosquitto) => Promise<void>) {
  const mosquitto = await startMosquitto(options);
  try {
    await work(mosquitto);
  } finally {
    await mosquitto.stop();
  }
}

const attempt = async (
  mosquitto: RunningMosquitto,
  options: Partial<TrialOptions> = {},
  left: MkbError[] = [],
): Promise<Tried> => {
  const document = documentOf({
    mqtt: { url: mosquitto.url },
    kafka: { bootstrapServers: [kafka.bootstrap] },
    rules: [ruleOf({ topic: 'cars' })],
  });
  const result = await runTrial(
    load(document).documents[0]!.document,
    {
      ...{ secrets: { secretsDir: '' }, log: createLog('silent'), signal: new AbortController().signal },
      run: `verify-${randomBytes(4).toString('hex')}`,
      ...{
        messagesPerSecond: 200,
        payloadBytes: 200,
        durationMs: 1000,
        awayMs: 500,
        patienceMs: 60_000,
        quietMs: 30_000,
      },
      ...{ faults: [bridgeAway], say: () => undefined },
      ...options,
    },
    error => left.push(error),
  );
  return { result, left, mosquitto };
};

const topics = (): string[] => kafka.cluster.topics.map(({ name }) => name);
const text = (errors: readonly MkbError[]): string => errors.map(({ message }) => message).join('\n');

describeReal('mosquitto')('a trial', () => {
  it('in which nothing is lost finds nothing, and leaves nothing behind', () =>
    withMosquitto({ persistence: true }, async mosquitto => {
      const said: string[] = [];
      const { result, left } = await attempt(mosquitto, { say: each => said.push(each) });
      expect(result.verdict.problems).toEqual([]);
      expect(result.verdict.acknowledged).toBeGreaterThan(10);
      expect(result.faults).toMatchObject([{ side: 'bridge', lost: 0, sessionPresent: true }]);
      expect(result.latency!.p50).toBeGreaterThan(0);
      expect(result.broker?.product).toBe('mosquitto');
      expect(said).toContain('Fault: the bridge is away');
      expect(suspects(result)).toEqual([]);
      expect(text(risks(result))).toBe('one replica can lose messages: a disk that breaks takes all records along.');
      expect([result.topic.like, left, topics()]).toEqual(['cars', [], ['cars']]);
    }));

  it('names the limit of the queue when the server drops what waits beyond it', () =>
    withMosquitto({ persistence: true, maxInflight: 10, config: { max_queued_messages: '50' } }, async mosquitto => {
      // Even where the machine stands still while the bridge is away, what is made up for (200 ms) is more than the queue takes.
      const { result } = await attempt(mosquitto, { messagesPerSecond: 600, awayMs: 1500, quietMs: 4000 });
      const { lost, acknowledged, sessionPresent } = result.faults[0]!;
      expect(lost).toBeGreaterThan(0);
      expect([sessionPresent, result.lostByKafka]).toEqual([true, 0]);
      // A machine that is slow may drop some before, too.
      expect(result.lost).toBeGreaterThanOrEqual(lost);
      expect(suspects(result)[0]!.code).toBe('verify-queue-limit');
      expect(text(suspects(result))).toContain(
        `lost of ${acknowledged} that waited in the MQTT server (the bridge is away): it kept ${acknowledged - lost}`,
      );
      expect(text(suspects(result))).toContain('The setting at fault: `max_queued_messages`');
    }));

  it('names persistence when the server comes back without the session', () =>
    withMosquitto({}, async mosquitto => {
      const restarted: TrialFault = { name: 'restarted', side: 'mqtt', act: () => mosquitto.restart() };
      const { result } = await attempt(mosquitto, { faults: [restarted], quietMs: 4000 });
      expect(result.lost).toBeGreaterThan(0);
      expect(result.faults[0]!.sessionPresent).toBe(false);
      expect(suspects(result).map(({ code }) => code)).toEqual(['verify-session-not-kept']);
      expect(text(suspects(result))).toContain('`persistence true`');
    }));

  it('names Kafka when that loses what it acknowledged, although it was read before', () =>
    withMosquitto({ persistence: true }, async mosquitto => {
      const loses: TrialFault = {
        name: 'another replica becomes the leader',
        side: 'kafka',
        act: async () => {
          await until('records', () => topics().some(name => name !== 'cars' && kafka.records(name).length > 0));
          const run = topics().find(name => name !== 'cars')!;
          const { log } = kafka.cluster.topic(run)!.partitions.find(each => each.log.batches.length > 0)!;
          (log.batches as unknown[]).splice(0, 1);
        },
      };
      const { result } = await attempt(mosquitto, { faults: [loses] });
      expect(result.lost).toBeGreaterThan(0);
      expect(result.lostByKafka).toBe(result.lost);
      expect(suspects(result).map(({ code }) => code)).toEqual(['verify-lost-by-kafka']);
    }));

  it('that is stopped removes what it has made', () =>
    withMosquitto({ persistence: true }, async mosquitto => {
      const stopped = new AbortController();
      const reason = new Error('stopped');
      const left: MkbError[] = [];
      const ended = attempt(
        mosquitto,
        { durationMs: 600_000, signal: stopped.signal, say: () => stopped.abort(reason) },
        left,
      );
      await expect(ended).rejects.toBe(reason);
      expect([left, topics()]).toEqual([[], ['cars']]);
    }));

  it('ends with the reason when messages do not flow again', () =>
    withMosquitto({ persistence: true }, async mosquitto => {
      const dies: TrialFault = { name: 'it dies', side: 'mqtt', act: () => mosquitto.kill() };
      const left: MkbError[] = [];
      const { result } = await attempt(
        mosquitto,
        { faults: [dies, bridgeAway], patienceMs: 1000, removeMs: 5000 },
        left,
      );
      expect(result.stuck?.message).toMatch(
        /^Messages did not reach Kafka again in time after a fault \(it dies\): .*MQTT/,
      );
      expect(result.faults).toHaveLength(1);
      // The session is in a server that is down.
      expect(left.map(({ message }) => message.replace(/-[0-9a-f]{8}/, ''))).toEqual([
        'The MQTT session of verify could not be removed: there is no answer.',
      ]);
      expect(topics()).toEqual(['cars']);
    }));
});

it('a document whose bridge is the MQTT server has nothing to verify', () => {
  const { documents, problems } = load(
    documentOf({ mqtt: { listen: [{ port: 1883 }], clients: { anonymous: true } } }),
  );
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(() => trialDocument(documents[0]!.document, 'run')).toThrow(
    expect.objectContaining({ code: 'verify-no-broker' }),
  );
});

it('a trial takes connections and guarantees of the document, and no name of it', () => {
  const { document } = load(
    documentOf({
      mqtt: {
        url: 'mqtts://example.com',
        ...{ share: 'cars', qos: 0, sessionExpiry: '2h', unsubscribe: ['old/#'], clientId: 'theirs' },
        ...{ auth: { username: 'me', password: { value: 'p' } }, tls: { insecureSkipVerify: true } },
      },
      kafka: {
        bootstrapServers: ['k:9092'],
        ...{ clientId: 'theirs', topics: [{ name: 'cars' }], producer: { acks: 'leader', idempotent: false } },
        ...{ topicDefaults: {}, consumer: { groupId: 'theirs', groupInstanceId: 'theirs' } },
      },
      delivery: {
        guarantee: 'atLeastOnce',
        buffer: { mode: 'disk', path: '/b' },
        onFailure: { deadLetter: { topic: 'd' } },
      },
    }),
  ).documents[0]!;
  const { spec } = trialDocument(document, 'mkb-verify-1');
  expect(spec.mqtt).toMatchObject({
    ...{ url: 'mqtts://example.com', share: 'mkb-verify-1', clientId: 'mkb-verify-1', qos: 1, sessionExpiry: '2h' },
    ...{ unsubscribe: [], auth: { username: 'me', password: { value: 'p' } }, tls: { insecureSkipVerify: true } },
  });
  expect(spec.kafka).toMatchObject({ clientId: 'mkb-verify-1', topics: [], producer: { acks: 'leader' } });
  expect(JSON.stringify(spec)).not.toMatch(/theirs|"cars"|"d"|\/b/);
});
