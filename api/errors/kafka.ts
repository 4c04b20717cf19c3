/** Errors: what a Kafka cluster may answer, and what it may not be sent. */
import { table } from './entry.ts';

export interface DamagedBatch {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that cannot be read. */
  readonly offset: string;
  readonly reason: string;
}

export const kafkaErrors = table({
  'kafka-unreachable': {
    kind: 'retryable',
    message: ({ address, reason }: { address: string; reason: string }) =>
      `Kafka at ${address} cannot be reached: ${reason}.`,
    remedy:
      'Check kafka.bootstrapServers, that the broker runs, and that its advertised listeners can be reached from here.',
  },
  'kafka-leader-unreachable': {
    kind: 'retryable',
    message: ({ topic, address, reason }: { topic: string; address: string; reason: string }) =>
      `Kafka says that a partition of ${topic} is led at ${address}, and there is no connection to it: ${reason}.`,
    remedy:
      'Clients connect to what a broker advertises, not to kafka.bootstrapServers alone. Set advertised.listeners of the broker to an address that this machine resolves and reaches, or open the way to the address above.',
  },
  'kafka-topic-waits': {
    kind: 'retryable',
    message: ({
      topic,
      records,
      seconds,
      reason,
    }: {
      topic: string;
      records: number;
      seconds: number;
      reason: string;
    }) =>
      `${records === 1 ? '1 record waits' : `${records} records wait`} for topic ${topic} since ${seconds} s: ${reason}.`,
    remedy:
      'They are kept and retried, and messages behind them are not acknowledged. See that the topic exists, has leaders and as many replicas in sync as min.insync.replicas asks, and that this user may write to it. delivery.retry limits the wait.',
  },
  'kafka-retries-exhausted': {
    kind: 'permanent',
    message: ({ topic, limit, reason }: { topic: string; limit: string; reason: string }) =>
      `A record for topic ${topic} could not be written ${limit}: ${reason}.`,
    remedy:
      'Correct what keeps the topic from being written to, and write the dead letters again. A larger limit in delivery.retry (or in retry of the sink), or none, waits longer and holds what comes after.',
  },
  'kafka-authentication-failed': {
    kind: 'permanent',
    message: ({ address, reason }: { address: string; reason: string }) =>
      `Kafka at ${address} refused the login: ${reason}.`,
    remedy: 'Check kafka.auth: mechanism, user name and password, and that this user exists in the cluster.',
  },
  'kafka-mechanism-refused': {
    kind: 'permanent',
    message: ({ address, mechanism, offered }: { address: string; mechanism: string; offered: string }) =>
      `Kafka at ${address} does not take the login mechanism ${mechanism}; it has: ${offered}.`,
    remedy: 'Set kafka.auth.mechanism to one that it has, in lower case, or use the port of another listener.',
  },
  'kafka-login-wanted': {
    kind: 'permanent',
    message: ({ address, offered }: { address: string; offered: string }) =>
      `Kafka at ${address} wants a login, and there is none; it has: ${offered}.`,
    remedy:
      'Add `auth` to the Kafka settings with one of these mechanisms, or use the port of a listener without login.',
  },
  'kafka-login-not-wanted': {
    kind: 'permanent',
    message: ({ address }: { address: string }) => `Kafka at ${address} takes no login at this port.`,
    remedy: 'Use the port of the listener that takes SASL, or leave out kafka.auth.',
  },
  'kafka-tls-wanted': {
    kind: 'permanent',
    message: ({ address }: { address: string }) => `Kafka at ${address} wants TLS, and there is none.`,
    remedy:
      'Add `tls` to the Kafka settings: `tls: {}` trusts the well-known authorities, and `ca` names your own. Or use the port of a listener without TLS.',
  },
  'kafka-not-spoken': {
    kind: 'permanent',
    message: ({ address, spoken }: { address: string; spoken: string }) =>
      `There is no Kafka at ${address}: the server speaks ${spoken}.`,
    remedy:
      'Name the port of a Kafka listener in bootstrapServers, usually 9092, or 9093 and above with TLS or a login.',
  },
  'kafka-token-rejected': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `Kafka does not accept the token: ${reason}.`,
    remedy:
      'Check that the token is for this cluster (issuer, audience, scope, expiry), and kafka.auth.oauth.extensions where the cluster needs them.',
  },
  'kafka-token-refused': {
    kind: 'permanent',
    message: ({ endpoint, reason }: { endpoint: string; reason: string }) =>
      `The token endpoint ${endpoint} refuses a token: ${reason}.`,
    remedy: 'Check kafka.auth.oauth: clientId, clientSecret and scope.',
  },
  'kafka-token-unavailable': {
    kind: 'retryable',
    message: ({ endpoint, reason }: { endpoint: string; reason: string }) =>
      `The token endpoint ${endpoint} gave no token: ${reason}.`,
    remedy: 'It is asked again. Check kafka.auth.oauth.tokenEndpoint, and that it can be reached from here.',
  },
  'aws-region-unknown': {
    kind: 'permanent',
    message: ({ host }: { host: string }) => `The AWS region of the cluster cannot be known from the name ${host}.`,
    remedy: 'Set kafka.auth.aws.region, such as eu-west-1.',
  },
  'aws-credentials-missing': {
    kind: 'retryable',
    message: ({ reason }: { reason: string }) => `No AWS credentials were found: ${reason}.`,
    remedy:
      'Give the process a role (EKS Pod Identity or service account, ECS task, EC2 instance), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. It is retried.',
  },
  'aws-library-missing': {
    kind: 'permanent',
    message: () =>
      'The mechanism aws-msk-iam needs the package @aws-sdk/credential-provider-node, which is not installed.',
    remedy: 'Install with optional dependencies: `npm install` without --omit=optional.',
  },
  'kafka-not-authorised': {
    kind: 'permanent',
    message: ({ what, reason }: { what: string; reason: string }) =>
      `Kafka does not allow this user to ${what}: ${reason}.`,
    remedy: 'Grant it with kafka-acls.sh, or use another user in kafka.auth.',
  },
  'kafka-message-too-large': {
    kind: 'permanent',
    message: ({ bytes, topic, limit }: { bytes: number; topic: string; limit: string }) =>
      `A record of ${bytes} bytes for topic ${topic} is larger than ${limit}.`,
    remedy:
      'Leave out in the rule what makes the record large, compress (kafka.producer.compression), or raise the limit: kafka.producer.maxRequestBytes, and max.message.bytes of the topic with it.',
  },
  'kafka-requests-too-large': {
    kind: 'retryable',
    message: ({ address, bytes, limit }: { address: string; bytes: number; limit: number }) =>
      `Kafka at ${address} ended several connections in a row while it was sent a request of ${bytes} bytes: for ten minutes requests have at most ${limit}.`,
    remedy:
      'If it comes back, set kafka.producer.maxRequestBytes to what the broker takes (its socket.request.max.bytes, or the limit of the cloud service).',
  },
  'kafka-record-refused': {
    kind: 'permanent',
    message: ({ topic, name, reason }: { topic: string; name: string; reason: string }) =>
      `Kafka refused a record for topic ${topic} with ${name}: ${reason}.`,
    remedy: 'The reason is the broker’s own; see its log and the topic’s configuration.',
  },
  'kafka-request-failed': {
    kind: 'retryable',
    message: ({ what, reason }: { what: string; reason: string }) => `Kafka could not ${what}: ${reason}.`,
    remedy: 'It is retried automatically. If it lasts, look at the brokers’ state and logs.',
  },
  'record-partition-invalid': {
    kind: 'permanent',
    message: ({ template, value }: { template: string; value: string }) =>
      `The partition of a record must be a whole number that is not negative: ${template} gives ${value}.`,
    remedy:
      'Only a whole number, or text of decimal digits, is a partition. Convert other forms in the rule: int(payload.shard) AS shard, or payload.number mod 12 AS shard, and use ${shard}.',
  },
  'record-partition-missing': {
    kind: 'permanent',
    message: ({ template }: { template: string }) =>
      `The partition of a record is missing: ${template} has no value, or null, in this message.`,
    remedy:
      'Give it a value that every message has, such as ${payload.shard:-0}, or leave such messages out by WHERE. Without `partition` the key chooses.',
  },
  'kafka-partition-unknown': {
    kind: 'permanent',
    message: ({ topic, partition, count }: { topic: string; partition: number; count: number }) =>
      `Topic ${topic} has no partition ${partition}: it has ${count}, counted from 0.`,
    remedy:
      'Have the `partition` of the sink give a smaller number (payload.number mod 12 for 12 partitions), or add partitions to the topic: they are used within seconds.',
  },
  'record-timestamp-invalid': {
    kind: 'permanent',
    message: ({ template, value }: { template: string; value: string }) =>
      `The timestamp of a record must be milliseconds since 1970: ${template} gives ${value}.`,
    remedy:
      "Only a number that is not negative, or text of decimal digits, is a time, and milliseconds have 13 digits. Convert other forms in the rule: seconds * 1000 AS at, microseconds div 1000 AS at, or rfc3339_to_unix_ts(payload.date, 'millisecond') AS at.",
  },
  'record-timestamp-missing': {
    kind: 'permanent',
    message: ({ template }: { template: string }) =>
      `The timestamp of a record is missing: ${template} has no value, or null, in this message.`,
    remedy:
      'Select a time that every message has, such as CASE WHEN payload.at IS NULL THEN timestamp ELSE payload.at END AS at, and use ${at}. Without `timestamp` the sink takes the time at which the message was received.',
  },
  'record-timestamp-unlikely': {
    kind: 'retryable',
    message: ({ template, time, year, unit }: { template: string; time: number; year: number; unit: string }) =>
      `The timestamp ${template} of the sink gave ${time}, which is in the year ${year} as milliseconds since 1970: it is probably in ${unit}.`,
    remedy:
      'Kafka deletes records that are older than the topic’s retention, and refuses those too far in the future. Give milliseconds: select seconds * 1000 AS at, microseconds div 1000 AS at, or nanoseconds div 1000000 AS at in the rule, and use ${at}.',
  },
  'kafka-group-refused': {
    kind: 'permanent',
    message: ({ group, reason }: { group: string; reason: string }) =>
      `Kafka does not let the bridge into the consumer group ${group}: ${reason}.`,
    remedy:
      'Give the bridge a group of its own in spec.kafka.consumer.groupId: another program may use this one in another way.',
  },
  'kafka-group-shared': {
    kind: 'retryable',
    message: ({ group, who }: { group: string; who: string }) =>
      `The consumer group ${group} has others in it, and each gets a part of the records: ${who}.`,
    remedy:
      'Give each bridge a spec.kafka.consumer.groupId of its own, or stop the other one. Replicas of one bridge are distinguished by --ordinal: 0, 1, 2.',
  },
  'kafka-instance-fenced': {
    kind: 'permanent',
    message: ({ group, instanceId, who }: { group: string; instanceId: string; who: string }) =>
      `The instance id ${instanceId} of the consumer group ${group} was taken by ${who}; this process reads nothing until that one has left.`,
    remedy:
      'Each process needs an instance id of its own: give replicas of one bridge their --ordinal (0, 1, 2), and each bridge a spec.kafka.consumer.groupInstanceId of its own. If this is an old process whose successor runs, stop it.',
  },
  'kafka-membership-lost': {
    kind: 'retryable',
    message: ({ group, reason }: { group: string; reason: string }) =>
      `Kafka took this bridge out of the consumer group ${group}: ${reason}.`,
    remedy:
      'It joins again, and what was in flight is read again by the member that has the partition then. If it happens often, look at the load of this machine and the network.',
  },
  'kafka-batch-damaged': {
    kind: 'retryable',
    message: ({ topic, partition, offset, reason }: DamagedBatch) =>
      `A batch of partition ${partition} of ${topic} is damaged at offset ${offset}: ${reason}.`,
    remedy:
      'Each replica is asked for it in turn; until one has it whole this partition waits, and others go on. Check the disks of the brokers. If no replica has it, stop the bridge and move its group behind the batch with kafka-consumer-groups.sh --reset-offsets.',
  },
  'kafka-pattern-unmatched': {
    kind: 'retryable',
    message: ({ pattern }: { pattern: string }) => `The pattern $kafka/${pattern} matches no topic yet.`,
    remedy:
      'Topics that it matches later are read from their beginning, within kafka.consumer.discoverEvery. If there should be one now, check its name, and that this user may DESCRIBE it: Kafka does not show others.',
  },
  'kafka-offset-missing': {
    kind: 'permanent',
    message: ({
      group,
      topic,
      partition,
      offset,
    }: {
      group: string;
      topic: string;
      partition: number;
      offset: string | undefined;
    }) =>
      offset === undefined
        ? `The consumer group ${group} has no offset for partition ${partition} of ${topic}, and offsetReset is none.`
        : `Partition ${partition} of ${topic} does not have offset ${offset}, where the consumer group ${group} is, and offsetReset is none.`,
    remedy:
      'Stop the bridge and set the offset of the group with kafka-consumer-groups.sh --reset-offsets, or set kafka.consumer.offsetReset to earliest, latest, a time or a duration.',
  },
  'kafka-records-gone': {
    kind: 'retryable',
    message: ({ topic, partition, from, to }: { topic: string; partition: number; from: string; to: string }) =>
      `Partition ${partition} of ${topic} has no offset ${from} any more; reading goes on at ${to}.`,
    remedy:
      'If the records between were deleted before they were read, raise retention.ms or retention.bytes of the topic, and keep the bridge running.',
  },
});
