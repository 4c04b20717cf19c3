import { describe, expect, it } from 'vitest';
import { versionIn } from '../../../bridge/verify/broker-version.ts';
import { type FaultFacts, risks, suspects, type TrialFacts } from '../../../bridge/verify/suspects.ts';
import { Times } from '../../../bridge/verify/times.ts';
import { judge } from '../../../bridge/verify/verdict.ts';

const fault = (more: Partial<FaultFacts> = {}): FaultFacts => ({
  ...{ name: 'away', side: 'bridge', acknowledged: 100, lost: 40, end: 'newest', sessionPresent: true },
  ...more,
});

const facts = (more: Partial<TrialFacts> = {}): TrialFacts => ({
  ...{ lost: 40, lostByKafka: 0, faults: [fault()], broker: undefined, acks: 'all', qos: 1, sessionExpiry: '1h' },
  topic: { replicas: 3, minInsync: 2, unclean: false, like: undefined },
  ...more,
});

const emqx = (version: string) => ({ product: 'emqx', version }) as const;

// A table of what brokers do: the reason that is named must be the one that a person can change.
describe('the setting at fault', () => {
  it.each<[string, TrialFacts, string[]]>([
    ['of nothing lost is none', facts({ lost: 0, faults: [fault({ lost: 0 })] }), []],
    ['of a full queue', facts(), ['verify-queue-limit: `max_queued_messages` of Mosquitto']],
    ['of a full queue of EMQX', facts({ broker: emqx('6.0.0') }), ['verify-queue-limit: `mqtt.max_mqueue_len`']],
    ['of EMQX 5.8.8', facts({ broker: emqx('5.8.8') }), ['verify-durable-sessions: 5.8.8']],
    ['of EMQX 5.8.0 is no durable session', facts({ broker: emqx('5.8.0') }), ['verify-queue-limit: max_mqueue_len']],
    [
      'of a session that was too short',
      facts({ faults: [fault({ sessionPresent: false })] }),
      ['verify-session-expired: mqtt.sessionExpiry, which is 1h'],
    ],
    [
      'of a restart without persistence',
      facts({ faults: [fault({ side: 'mqtt', sessionPresent: false })] }),
      ['verify-session-not-kept: `persistence true`'],
    ],
    ['of a kill', facts({ faults: [fault({ side: 'mqtt' })] }), ['verify-not-saved: `autosave_interval`']],
    [
      'of a kill with a queue that is too small anyway',
      facts({ lost: 80, faults: [fault(), fault({ side: 'mqtt' })] }),
      ['verify-queue-limit: away', 'verify-queue-limit: away'],
    ],
    [
      'of a queue that fills while Kafka is down',
      facts({ faults: [fault({ side: 'kafka' })] }),
      ['verify-queue-limit: max_queued_messages'],
    ],
    [
      'of Kafka that elects any replica',
      facts({ lostByKafka: 40, topic: { replicas: 3, minInsync: 1, unclean: true, like: 'cars' } }),
      ['verify-lost-by-kafka: min.insync.replicas=1, unclean.leader.election.enable=true'],
    ],
    ['of acks', facts({ lostByKafka: 40, acks: 'leader' }), ['verify-lost-by-kafka: kafka.producer.acks: leader']],
    ['of Kafka that looks well', facts({ lostByKafka: 40 }), ['verify-lost-by-kafka: none that can be seen']],
    ['of what was lost while all was well', facts({ faults: [fault({ lost: 0 })] }), ['verify-lost: 40 messages']],
    ['of one message', facts({ lost: 1, faults: [] }), ['verify-lost: 1 message is lost']],
  ])('%s', (_name, given, wanted) => {
    const found = suspects(given);
    expect(found.map(({ code }) => code)).toEqual(wanted.map(each => each.split(': ')[0]));
    for (const [at, each] of wanted.entries()) expect(found[at]!.message).toContain(each.slice(each.indexOf(': ') + 2));
  });
});

describe('settings that can lose messages are named although nothing was lost:', () => {
  const topic = { replicas: 3, minInsync: 2, unclean: false, like: undefined };
  it.each<[string, Partial<TrialFacts>, string | undefined]>([
    ['none', {}, undefined],
    ['nothing that may not be seen', { topic: { ...topic, minInsync: undefined, unclean: undefined } }, undefined],
    ['QoS 0', { qos: 0 }, 'mqtt.qos: 0'],
    ['one replica', { topic: { ...topic, replicas: 1, minInsync: 1 } }, 'one replica'],
    ['one replica in sync', { topic: { ...topic, minInsync: 1 } }, 'min.insync.replicas=1'],
    ['unclean elections', { topic: { ...topic, unclean: true } }, 'unclean.leader.election.enable=true'],
    ['acks none', { acks: 'none' }, 'kafka.producer.acks: none'],
    ['EMQX 5.8.9', { broker: emqx('5.8.9') }, 'EMQX 5.8.9'],
  ])('%s', (_name, more, setting) => {
    const found = risks(facts(more)).map(({ message }) => message);
    expect(found).toEqual(setting === undefined ? [] : [expect.stringContaining(`${setting} can lose messages`)]);
  });
});

it.each([
  ['$SYS/broker/version', 'mosquitto version 2.0.18', { product: 'mosquitto', version: '2.0.18' }],
  ['$SYS/brokers/emqx@127.0.0.1/version', '5.8.8', emqx('5.8.8')],
  ['$SYS/brokers/emqx@127.0.0.1/version', '5.8.1-rc.1', emqx('5.8.1-rc.1')],
  ['$SYS/broker/version', 'something else', undefined],
  ['$SYS/broker/version', '4.5', undefined],
])('%s %s is known for what it is', (topic, text, version) => {
  expect(versionIn(topic, text)).toEqual(version);
});

describe('what is lost of a queue', () => {
  const lotOf = (lost: (number: number) => boolean) => {
    const times = new Times();
    const ledger = { client: 'c0', published: 100, acknowledged: new Set<number>() };
    const arrivals = [];
    for (let number = 0; number < 100; number++) {
      times.published('c0', number);
      ledger.acknowledged.add(number);
      if (!lost(number)) arrivals.push({ ...{ partition: 0, offset: number, key: 'c0', client: 'c0' }, number });
    }
    return times.between(0, 100, () => ledger.acknowledged, judge([ledger], arrivals));
  };

  it.each<[string, (number: number) => boolean, object]>([
    ['is nothing', () => false, { acknowledged: 100, lost: 0, end: 'mixed' }],
    ['are the newest', number => number >= 60, { lost: 40, end: 'newest' }],
    ['are the newest until the bridge was back', number => number >= 60 && number < 90, { lost: 30, end: 'newest' }],
    ['are the oldest', number => number < 40, { lost: 40, end: 'oldest' }],
    ['are some', number => number % 2 === 1, { lost: 50, end: 'mixed' }],
    ['is all', () => true, { lost: 100, end: 'mixed' }],
  ])('%s', (_name, lost, wanted) => {
    expect(lotOf(lost)).toMatchObject(wanted);
  });
});
