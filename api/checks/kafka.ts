import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { KafkaAuth, KafkaSection } from '../schema/kafka.ts';
import type { SemanticCheck } from './check.ts';
import { checkTls } from './tls.ts';

const section: Path = ['spec', 'kafka'];

export const kafkaChecks: readonly SemanticCheck[] = [
  {
    reads: [section],
    check: ({ spec: { kafka } }) => [
      ...checkServers(kafka.bootstrapServers, [...section, 'bootstrapServers']),
      ...checkTls(kafka.tls, [...section, 'tls']),
      ...checkKafkaAuth(kafka.auth, [...section, 'auth']),
      ...checkEncrypted(kafka, section),
      ...checkTopics(kafka),
      ...checkIdempotence(kafka),
      ...checkOffsetReset(kafka),
      ...checkUser(kafka),
      ...checkCreatedUser(kafka),
    ],
  },
];

/** `host:port` is known to be right by its pattern, but for the port's range. */
export const checkServers = (servers: readonly string[] = [], path: Path): Finding[] =>
  servers.flatMap((server, index) => {
    const port = Number(server.slice(server.lastIndexOf(':') + 1));
    if (port >= 1 && port <= 65_535) return [];
    return [
      finding(
        [...path, index],
        'field-value',
        { found: `port ${port}`, expected: 'a port from 1 to 65535' },
        { remedy: undefined },
      ),
    ];
  });

const byPassword = { needs: ['username', 'password'], oneOf: [], refuses: ['oauth', 'token', 'aws'] } as const;
const mechanisms = {
  plain: byPassword,
  'scram-sha-256': byPassword,
  'scram-sha-512': byPassword,
  oauthbearer: { needs: [], oneOf: ['oauth', 'token'], refuses: ['username', 'password', 'aws'] },
  'aws-msk-iam': { needs: [], oneOf: [], refuses: ['username', 'password', 'oauth', 'token'] },
} as const;

/** Each mechanism has fields that it needs and fields that it does not know. */
export const checkKafkaAuth = (auth: KafkaAuth | undefined, path: Path): Finding[] => {
  if (auth === undefined) return [];
  const { needs, oneOf, refuses } = mechanisms[auth.mechanism];
  const conflict = (where: Path, reason: string) => finding(where, 'field-conflict', { reason }, { at: 'key' });
  const found = needs
    .filter(name => auth[name] === undefined)
    .map(name => conflict(path, `\`${name}\` is missing: ${auth.mechanism} needs it.`));
  for (const name of refuses.filter(each => auth[each] !== undefined)) {
    found.push(conflict([...path, name], `\`${name}\` is given, but ${auth.mechanism} does not use it.`));
  }
  const ofParts = [...checkTls(auth.oauth?.tls, [...path, 'oauth', 'tls']), ...checkEndpoint(auth, path)];
  for (const each of ofParts) found.push(each);
  if (oneOf.length === 0) return found;
  const given = oneOf.filter(name => auth[name] !== undefined);
  if (given.length === 0) found.push(conflict(path, 'One of `oauth` or `token` is missing: oauthbearer needs it.'));
  if (given.length === 2) found.push(conflict([...path, 'token'], '`oauth` and `token` exclude each other.'));
  return found;
};

const checkEndpoint = ({ oauth }: KafkaAuth, path: Path): Finding[] => {
  if (oauth?.tls === undefined || oauth.tokenEndpoint.startsWith('https:')) return [];
  const reason = '`tls` is given, but http:// is not encrypted.';
  return [finding([...path, 'oauth', 'tokenEndpoint'], 'field-conflict', { reason }, { remedy: 'Use https://.' })];
};

/** MSK has no listener with IAM and without TLS. */
export const checkEncrypted = (
  { auth, tls }: { readonly auth?: KafkaAuth; readonly tls?: unknown },
  path: Path,
): Finding[] => {
  if (auth?.mechanism !== 'aws-msk-iam' || tls !== undefined) return [];
  const reason = '`tls` is missing: aws-msk-iam is for the TLS listeners of MSK (port 9098).';
  return [finding(path, 'field-conflict', { reason }, { at: 'key', remedy: 'Add `tls: {}`.' })];
};

const checkTopics = ({ topics, topicDefaults }: KafkaSection): Finding[] => [
  ...topics.flatMap((topic, index) => checkCounts(topic, ['topics', index])),
  ...(topicDefaults === undefined ? [] : checkCounts(topicDefaults, ['topicDefaults'])),
];

/** What the schema cannot say: no topic has 0 of anything. */
const checkCounts = (counts: { readonly partitions: number; readonly replicas: number }, path: Path): Finding[] =>
  (['partitions', 'replicas'] as const)
    .filter(name => counts[name] === 0)
    .map(name => {
      const expected = "at least 1, or -1 for the cluster's own default";
      return finding([...section, ...path, name], 'field-value', { found: '0', expected }, { remedy: undefined });
    });

/** The broker stores a numbered batch only once all in-sync replicas have it [KIP-98]. */
const checkIdempotence = ({ producer: { acks, idempotent } }: KafkaSection): Finding[] => {
  if (!idempotent || acks === 'all') return [];
  const path = [...section, 'producer', 'idempotent'];
  const remedy = 'Set `acks: all`, or leave `idempotent` out.';
  return [
    finding(path, 'field-conflict', { reason: `\`idempotent: true\` needs \`acks: all\`, not ${acks}.` }, { remedy }),
  ];
};

/** The pattern lets 30 February pass, which would be read as 2 March. */
const checkOffsetReset = ({ consumer: { offsetReset } }: KafkaSection): Finding[] => {
  const [date = '', time] = offsetReset.split('T');
  if (time === undefined || new Date(`${date}T00:00Z`).toISOString().startsWith(date)) return [];
  const path = [...section, 'consumer', 'offsetReset'];
  return [finding(path, 'field-value', { found: date, expected: 'a day that there is' }, { remedy: undefined })];
};

const checkCreatedUser = ({ clusterRef }: KafkaSection): Finding[] => {
  if (clusterRef?.createUser === undefined) return [];
  const path = [...section, 'clusterRef', 'createUser'];
  const refused = (reason: string, remedy: string) => [
    finding(path, 'field-conflict', { reason }, { at: 'key', remedy }),
  ];
  if (clusterRef.user === undefined) return refused('`user` is missing: it has no name.', 'Add `user`.');
  if (clusterRef.namespace === undefined) return [];
  const reason = '`namespace` is given: whoever may make users there is not this document.';
  return refused(
    reason,
    'Let the owner of the Kafka cluster make the KafkaUser and share it, and leave out `createUser`.',
  );
};

const checkUser = ({ clusterRef, auth }: KafkaSection): Finding[] => {
  if (clusterRef?.user === undefined || auth === undefined) return [];
  const reason = '`auth` is given, but `clusterRef.user` says already who the bridge is.';
  return [finding([...section, 'auth'], 'field-conflict', { reason }, { at: 'key', remedy: 'Keep one of them.' })];
};
