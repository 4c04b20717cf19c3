/**
 * Which setting is at fault for what was lost: by when it was published, by which end of the queue is missing, and by whether the MQTT server
 * still had the session of the bridge afterwards.
 */
import { losesDurableSessions } from '../../api/emqx-versions.ts';
import { MkbError } from '../../api/errors.ts';
import type { BrokerVersion } from './broker-version.ts';
import type { TopicFacts } from './trial-topic.ts';

/** What happened around one fault. */
export interface FaultFacts {
  readonly name: string;
  /** What was broken. With `mqtt`, the bridge was away too, so that messages waited in the server. */
  readonly side: 'bridge' | 'mqtt' | 'kafka';
  /** Messages that were acknowledged of those that were published meanwhile. */
  readonly acknowledged: number;
  /** Of these, the ones that are not in Kafka. */
  readonly lost: number;
  /** Which of them: the last ones, the first ones, or others. */
  readonly end: 'newest' | 'oldest' | 'mixed';
  /** Whether the MQTT server still had the bridge's session afterwards; undefined if the bridge did not come back. */
  readonly sessionPresent: boolean | undefined;
}

export interface TrialFacts {
  readonly lost: number;
  /** Records that Kafka acknowledged and does not have. */
  readonly lostByKafka: number;
  readonly faults: readonly FaultFacts[];
  readonly broker: BrokerVersion | undefined;
  readonly topic: TopicFacts;
  readonly acks: 'all' | 'leader' | 'none';
  /** Of the document. */
  readonly qos: number;
  readonly sessionExpiry: string;
}

/** The likeliest reasons for what was lost; empty if nothing was. */
export function suspects(facts: TrialFacts): MkbError[] {
  const byMqtt = facts.lost - facts.lostByKafka;
  const found = facts.lostByKafka > 0 ? [lostByKafka(facts)] : [];
  if (byMqtt <= 0) return found;
  const explained = facts.faults.filter(({ lost }) => lost > 0);
  const rest = byMqtt - explained.reduce((sum, { lost }) => sum + lost, 0);
  return [
    ...found,
    ...explained.map(fault => lostByMqtt(fault, facts)),
    ...(rest > 0 ? [new MkbError('verify-lost', { lost: rest })] : []),
  ];
}

function lostByMqtt(fault: FaultFacts, { broker, sessionExpiry, faults }: TrialFacts): MkbError {
  const { name, side, lost, acknowledged, end } = fault;
  const product = broker?.product ?? 'other';
  if (fault.sessionPresent === false)
    return side === 'mqtt'
      ? new MkbError('verify-session-not-kept', { lost, fault: name, setting: persistence[product] })
      : new MkbError('verify-session-expired', { lost, fault: name, sessionExpiry, setting: expiry[product] });
  if (broker?.product === 'emqx' && losesDurableSessions(broker.version))
    return new MkbError('verify-durable-sessions', { lost, version: broker.version });
  // A queue that is too small shows without a restart, too.
  const isQueue = side !== 'mqtt' || faults.some(each => each.side === 'bridge' && each.lost > 0);
  if (!isQueue) return new MkbError('verify-not-saved', { lost, fault: name, setting: saving[product] });
  const kept = acknowledged - lost;
  const dropped = end === 'mixed' ? 'others' : `the ${end}`;
  return new MkbError('verify-queue-limit', {
    ...{ lost, acknowledged, kept, fault: name, dropped },
    setting: queues[product],
  });
}

const lostByKafka = ({ lostByKafka: lost, ...facts }: TrialFacts): MkbError => {
  const settings = kafkaRisks(facts).map(({ setting }) => setting);
  const setting = settings.join(', ') || 'none that can be seen: a disk that lost what it had not written';
  return new MkbError('verify-lost-by-kafka', { lost, setting });
};

/** Settings that can lose messages, whether or not some were lost now. */
export const risks = (facts: Pick<TrialFacts, 'broker' | 'topic' | 'acks' | 'qos'>): MkbError[] => [
  ...(facts.qos === 0 ? [risk('mqtt.qos: 0', 'the MQTT server may drop any message; the trial had QoS 1')] : []),
  ...(facts.broker?.product === 'emqx' && losesDurableSessions(facts.broker.version)
    ? [risk(`EMQX ${facts.broker.version}`, 'its durable sessions lose messages when a client comes back')]
    : []),
  ...kafkaRisks(facts).map(({ setting, why }) => risk(setting, why)),
];

const risk = (setting: string, why: string): MkbError => new MkbError('verify-risk', { setting, why });

interface Risk {
  readonly setting: string;
  readonly why: string;
}

function kafkaRisks({ topic, acks }: Pick<TrialFacts, 'topic' | 'acks'>): Risk[] {
  const { replicas, minInsync, unclean } = topic;
  return [
    ...(acks === 'all'
      ? []
      : [{ setting: `kafka.producer.acks: ${acks}`, why: 'a leader that dies takes records along' }]),
    ...(replicas === 1 ? [{ setting: 'one replica', why: 'a disk that breaks takes all records along' }] : []),
    ...(replicas > 1 && minInsync === 1
      ? [{ setting: 'min.insync.replicas=1', why: 'the leader may be alone with records that it acknowledged' }]
      : []),
    ...(unclean === true
      ? [{ setting: 'unclean.leader.election.enable=true', why: 'a replica that lags may become the leader' }]
      : []),
  ];
}

type Settings = Readonly<Record<BrokerVersion['product'] | 'other', string>>;

const queues: Settings = {
  mosquitto: '`max_queued_messages` or `max_queued_bytes` of mosquitto.conf (0 is no limit)',
  emqx: '`mqtt.max_mqueue_len` of EMQX (0 is no limit)',
  other:
    'how many messages the server keeps for one client (`max_queued_messages` of Mosquitto, `mqtt.max_mqueue_len` of EMQX, `queued-messages` of HiveMQ, `max_offline_messages` of VerneMQ)',
};

const expiry: Settings = {
  mosquitto: '`persistent_client_expiration` of mosquitto.conf',
  emqx: '`mqtt.session_expiry_interval` of EMQX',
  other:
    'how long the server keeps a session (`persistent_client_expiration` of Mosquitto, `mqtt.session_expiry_interval` of EMQX, `session-expiry` of HiveMQ)',
};

const persistence: Settings = {
  mosquitto: '`persistence true` and `persistence_location` of mosquitto.conf, on a disk that stays',
  emqx: '`durable_sessions.enable` of EMQX (not in 5.8.1 to 5.8.9), and a volume for its data',
  other:
    'whether the server keeps sessions on a disk (`persistence true` of Mosquitto, `durable_sessions.enable` of EMQX, `persistence` of HiveMQ), and whether that disk stays',
};

const saving: Settings = {
  mosquitto: '`autosave_interval` of mosquitto.conf, which is 30 minutes by default',
  emqx: 'what EMQX has not written: `durable_storage` and its flush interval',
  other: 'how often the server writes what it keeps (`autosave_interval` of Mosquitto)',
};
