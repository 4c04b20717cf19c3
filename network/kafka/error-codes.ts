/**
 * Every error code of Kafka's protocol, once: what it asks of whoever gets it, and why.
 *
 * The reaction is the same wherever the code arrives: Produce, Fetch, metadata, a group's coordinator, a login. A place acts on
 * the reactions that mean something to it and retries all others, so an answer that makes no sense there costs time and never a record.
 * That is also what happens to a code that is not in the table: a later Kafka, or a server that is not Kafka, may send one. It is retried
 * and reported. What is final has to be known to be final.
 *
 * Codes of requests that this project never sends have the reason `foreign`: they too are retried.
 */

/**
 * - `none`: no error.
 * - `retry`: send the same again after a pause.
 * - `refresh`: ask who serves the partition now, then as `retry`.
 * - `coordinator`: ask who coordinates the group now, then as `retry`.
 * - `reconnect`: as `retry`, over a fresh connection.
 * - `renew`: the broker's count of our batches is not ours: number them again, with a new producer id.
 * - `repeated`: the broker has the batch already.
 * - `split`: send the batch in smaller parts.
 * - `rejoin`: others have our partitions; join the group again as somebody new.
 * - `denied`: somebody has to grant a right.
 * - `refuse`: final for what is named in `refuses`; otherwise as `retry`.
 */
export type Reaction =
  | 'none'
  | 'retry'
  | 'refresh'
  | 'coordinator'
  | 'reconnect'
  | 'renew'
  | 'repeated'
  | 'split'
  | 'rejoin'
  | 'denied'
  | 'refuse';

/** What a broker may refuse so that no retry helps. */
export type Refusable = 'record' | 'topic' | 'group' | 'login';

interface Group {
  readonly reaction: Reaction;
  readonly because: string;
  readonly refuses?: readonly Refusable[];
  readonly codes: { readonly [code: number]: string };
}

const foreign = 'It answers requests that this project never sends.';

/** In the order of the reactions; a code that is said of requests of ours stands before those that are `foreign`. */
const groups: readonly Group[] = [
  { reaction: 'none', because: 'Success.', codes: { 0: 'NONE' } },
  {
    reaction: 'retry',
    because: 'The broker does not say what went wrong.',
    codes: { '-1': 'UNKNOWN_SERVER_ERROR' },
  },
  {
    reaction: 'retry',
    because: 'The checksum did not hold when the batch arrived; the bytes we hold are whole.',
    codes: { 2: 'CORRUPT_MESSAGE' },
  },
  {
    reaction: 'retry',
    because: 'It passes when the broker, its followers, its disk or its quota allow it again.',
    codes: {
      7: 'REQUEST_TIMED_OUT',
      8: 'BROKER_NOT_AVAILABLE',
      51: 'CONCURRENT_TRANSACTIONS',
      55: 'OPERATION_NOT_ATTEMPTED',
      60: 'REASSIGNMENT_IN_PROGRESS',
      78: 'OFFSET_NOT_AVAILABLE',
      88: 'UNSTABLE_OFFSET_COMMIT',
      89: 'THROTTLING_QUOTA_EXCEEDED',
      109: 'OFFSET_MOVED_TO_TIERED_STORAGE',
    },
  },
  {
    reaction: 'retry',
    because: 'Too few replicas are in sync. It passes when they are back, and until then nothing may be acknowledged.',
    codes: { 19: 'NOT_ENOUGH_REPLICAS', 20: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' },
  },
  {
    reaction: 'retry',
    because: 'The cluster or the document has to change, and no record is to blame: records wait for it.',
    codes: {
      21: 'INVALID_REQUIRED_ACKS',
      35: 'UNSUPPORTED_VERSION',
      42: 'INVALID_REQUEST',
      43: 'UNSUPPORTED_FOR_MESSAGE_FORMAT',
      50: 'INVALID_TRANSACTION_TIMEOUT',
      54: 'SECURITY_DISABLED',
      76: 'UNSUPPORTED_COMPRESSION_TYPE',
      97: 'PRINCIPAL_DESERIALIZATION_FAILURE',
    },
  },
  {
    reaction: 'retry',
    because: 'The consumer asks where the partition begins and goes on there.',
    codes: { 1: 'OFFSET_OUT_OF_RANGE' },
  },
  {
    reaction: 'retry',
    because: 'The group has as many members as it may have; a place may become free.',
    codes: { 81: 'GROUP_MAX_SIZE_REACHED' },
  },
  { reaction: 'retry', because: 'The topic is what was asked for.', codes: { 36: 'TOPIC_ALREADY_EXISTS' } },
  {
    reaction: 'refresh',
    because: 'Another broker serves the partition now, or none does at this moment.',
    codes: {
      5: 'LEADER_NOT_AVAILABLE',
      6: 'NOT_LEADER_OR_FOLLOWER',
      9: 'REPLICA_NOT_AVAILABLE',
      13: 'NETWORK_EXCEPTION',
      56: 'KAFKA_STORAGE_ERROR',
      72: 'LISTENER_NOT_FOUND',
      74: 'FENCED_LEADER_EPOCH',
      75: 'UNKNOWN_LEADER_EPOCH',
      108: 'NEW_LEADER_ELECTED',
    },
  },
  {
    reaction: 'refresh',
    because: 'The topic may be new, deleted and made again, or not known to this broker yet: metadata decides.',
    codes: { 3: 'UNKNOWN_TOPIC_OR_PARTITION', 100: 'UNKNOWN_TOPIC_ID', 103: 'INCONSISTENT_TOPIC_ID' },
  },
  {
    reaction: 'refresh',
    because: 'What we know of the cluster is old.',
    codes: { 41: 'NOT_CONTROLLER', 129: 'REBOOTSTRAP_REQUIRED' },
  },
  {
    reaction: 'coordinator',
    because: 'The coordinator of the group, or of the transactional id, is moving.',
    codes: { 14: 'COORDINATOR_LOAD_IN_PROGRESS', 15: 'COORDINATOR_NOT_AVAILABLE', 16: 'NOT_COORDINATOR' },
  },
  {
    reaction: 'reconnect',
    because: 'The connection is in the middle of a login or its session is over; a fresh one is not.',
    codes: { 34: 'ILLEGAL_SASL_STATE' },
  },
  {
    reaction: 'renew',
    because: 'The broker has forgotten our producer id, has fenced it off, or counts its batches in another way.',
    codes: {
      45: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
      47: 'INVALID_PRODUCER_EPOCH',
      48: 'INVALID_TXN_STATE',
      49: 'INVALID_PRODUCER_ID_MAPPING',
      59: 'UNKNOWN_PRODUCER_ID',
      90: 'PRODUCER_FENCED',
      120: 'TRANSACTION_ABORTABLE',
    },
  },
  {
    reaction: 'repeated',
    because: 'An earlier attempt, whose answer was lost, did arrive. Of a batch sent once it cannot be true.',
    codes: { 46: 'DUPLICATE_SEQUENCE_NUMBER' },
  },
  {
    reaction: 'split',
    because: 'The batch is larger than the topic or its segments take; its records may not be.',
    codes: { 10: 'MESSAGE_TOO_LARGE', 18: 'RECORD_LIST_TOO_LARGE' },
  },
  {
    reaction: 'retry',
    because: 'The group is being made up again, or gives us a name to join with: we join, as the member that we are.',
    codes: { 27: 'REBALANCE_IN_PROGRESS', 79: 'MEMBER_ID_REQUIRED' },
  },
  {
    reaction: 'rejoin',
    because: 'We are not, or no longer, a member of this generation of the group.',
    codes: {
      22: 'ILLEGAL_GENERATION',
      25: 'UNKNOWN_MEMBER_ID',
      82: 'FENCED_INSTANCE_ID',
      110: 'FENCED_MEMBER_EPOCH',
      113: 'STALE_MEMBER_EPOCH',
    },
  },
  {
    reaction: 'denied',
    because: 'This user may not do it, or somebody is changing its rights at this moment: records wait.',
    codes: {
      29: 'TOPIC_AUTHORIZATION_FAILED',
      30: 'GROUP_AUTHORIZATION_FAILED',
      31: 'CLUSTER_AUTHORIZATION_FAILED',
      53: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
      65: 'DELEGATION_TOKEN_AUTHORIZATION_FAILED',
    },
  },
  {
    reaction: 'refuse',
    refuses: ['record'],
    because: 'The record itself breaks a rule of its topic, and does so every time.',
    codes: { 32: 'INVALID_TIMESTAMP', 87: 'INVALID_RECORD' },
  },
  {
    reaction: 'refuse',
    refuses: ['record', 'topic'],
    because: 'The name cannot be that of a topic that clients write to.',
    codes: { 17: 'INVALID_TOPIC_EXCEPTION' },
  },
  {
    reaction: 'refuse',
    refuses: ['record', 'topic'],
    because: 'It breaks a rule that the owner of the cluster has made.',
    codes: { 44: 'POLICY_VIOLATION' },
  },
  {
    reaction: 'refuse',
    refuses: ['topic'],
    because: 'The cluster cannot make the topic as the document has it.',
    codes: {
      37: 'INVALID_PARTITIONS',
      38: 'INVALID_REPLICATION_FACTOR',
      39: 'INVALID_REPLICA_ASSIGNMENT',
      40: 'INVALID_CONFIG',
    },
  },
  {
    reaction: 'refuse',
    refuses: ['group'],
    because: 'Other members use the group in another way, or the broker does not allow its name or its timeouts.',
    codes: {
      23: 'INCONSISTENT_GROUP_PROTOCOL',
      24: 'INVALID_GROUP_ID',
      26: 'INVALID_SESSION_TIMEOUT',
    },
  },
  {
    reaction: 'refuse',
    refuses: ['login'],
    because: 'The mechanism or the credentials are not those that the broker wants.',
    codes: { 33: 'UNSUPPORTED_SASL_MECHANISM', 58: 'SASL_AUTHENTICATION_FAILED' },
  },
  {
    reaction: 'retry',
    because: `${foreign} Offsets are committed without metadata, and Fetch goes without sessions.`,
    codes: {
      4: 'INVALID_FETCH_SIZE',
      12: 'OFFSET_METADATA_TOO_LARGE',
      28: 'INVALID_COMMIT_OFFSET_SIZE',
      70: 'FETCH_SESSION_ID_NOT_FOUND',
      71: 'INVALID_FETCH_SESSION_EPOCH',
      106: 'FETCH_SESSION_TOPIC_ID_ERROR',
    },
  },
  {
    reaction: 'retry',
    because: `${foreign} Brokers and controllers say it to each other.`,
    codes: {
      11: 'STALE_CONTROLLER_EPOCH',
      52: 'TRANSACTION_COORDINATOR_FENCED',
      77: 'STALE_BROKER_EPOCH',
      94: 'INCONSISTENT_VOTER_SET',
      98: 'SNAPSHOT_NOT_FOUND',
      99: 'POSITION_OUT_OF_RANGE',
      101: 'DUPLICATE_BROKER_REGISTRATION',
      102: 'BROKER_ID_NOT_REGISTERED',
      104: 'INCONSISTENT_CLUSTER_ID',
      107: 'INELIGIBLE_REPLICA',
      119: 'INVALID_REGISTRATION',
      125: 'INVALID_VOTER_KEY',
      126: 'DUPLICATE_VOTER',
      127: 'VOTER_NOT_FOUND',
    },
  },
  {
    reaction: 'retry',
    because: `${foreign} Tools that administer a cluster get it.`,
    codes: {
      57: 'LOG_DIR_NOT_FOUND',
      61: 'DELEGATION_TOKEN_AUTH_DISABLED',
      62: 'DELEGATION_TOKEN_NOT_FOUND',
      63: 'DELEGATION_TOKEN_OWNER_MISMATCH',
      64: 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED',
      66: 'DELEGATION_TOKEN_EXPIRED',
      67: 'INVALID_PRINCIPAL_TYPE',
      68: 'NON_EMPTY_GROUP',
      69: 'GROUP_ID_NOT_FOUND',
      73: 'TOPIC_DELETION_DISABLED',
      80: 'PREFERRED_LEADER_NOT_AVAILABLE',
      83: 'ELIGIBLE_LEADERS_NOT_AVAILABLE',
      84: 'ELECTION_NOT_NEEDED',
      85: 'NO_REASSIGNMENT_IN_PROGRESS',
      86: 'GROUP_SUBSCRIBED_TO_TOPIC',
      91: 'RESOURCE_NOT_FOUND',
      92: 'DUPLICATE_RESOURCE',
      93: 'UNACCEPTABLE_CREDENTIAL',
      95: 'INVALID_UPDATE_VERSION',
      96: 'FEATURE_UPDATE_FAILED',
      114: 'MISMATCHED_ENDPOINT_TYPE',
      115: 'UNSUPPORTED_ENDPOINT_TYPE',
      116: 'UNKNOWN_CONTROLLER_ID',
    },
  },
  {
    reaction: 'retry',
    because: `${foreign} Tools for transactions, share groups, streams, telemetry and the newer group protocol have it.`,
    codes: {
      105: 'TRANSACTIONAL_ID_NOT_FOUND',
      111: 'UNRELEASED_INSTANCE_ID',
      112: 'UNSUPPORTED_ASSIGNOR',
      117: 'UNKNOWN_SUBSCRIPTION_ID',
      118: 'TELEMETRY_TOO_LARGE',
      121: 'INVALID_RECORD_STATE',
      122: 'SHARE_SESSION_NOT_FOUND',
      123: 'INVALID_SHARE_SESSION_EPOCH',
      124: 'FENCED_STATE_EPOCH',
      128: 'INVALID_REGULAR_EXPRESSION',
      130: 'STREAMS_INVALID_TOPOLOGY',
      131: 'STREAMS_INVALID_TOPOLOGY_EPOCH',
      132: 'STREAMS_TOPOLOGY_FENCED',
      133: 'SHARE_SESSION_LIMIT_REACHED',
    },
  },
];

/** A code with its name, its reaction and the reason for it. */
export interface KafkaCode extends Omit<Group, 'codes'> {
  readonly code: number;
  readonly name: string;
}

/** All of them, by number. */
export const kafkaCodes: readonly KafkaCode[] = groups
  .flatMap(({ codes, ...group }) =>
    Object.entries(codes).map(([code, name]) => ({ code: Number(code), name, ...group })),
  )
  .sort((left, right) => left.code - right.code);

const byNumber = new Map(kafkaCodes.map(each => [each.code, each]));

/** How to react to `code`; `retry` for one that is unknown. */
export function reactionTo(code: number): Reaction {
  return byNumber.get(code)?.reaction ?? 'retry';
}

/** Whether `code` is final for what was asked. */
export function refuses(code: number, asked: Refusable): boolean {
  return byNumber.get(code)?.refuses?.includes(asked) ?? false;
}

/** The protocol's name of a code, e.g. NOT_LEADER_OR_FOLLOWER. */
export function errorName(code: number): string {
  return byNumber.get(code)?.name ?? `error ${code}`;
}
