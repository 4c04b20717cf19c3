/**
 * Whether `{clientid}` and `{username}` of topics are true at a managed broker that lets clients publish only to some topics (`broker.access`).
 *
 * A rule that reads `cars/{clientid}` takes the level of the topic for who sent the message. That is so if every topic that it reads, and that a
 * client may publish to, has the client's own id there.
 */
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import type { Problem } from '../api/problems.ts';
import type { CheckedRule } from './check-loops.ts';
import { problemOf } from './problem-of.ts';
import type { MqttSource } from './rule.ts';
import { filterProblem, filtersOverlap } from './topic-filter.ts';

/** Levels that a broker fills in, and captures that say the same of a message. */
const identities = ['clientid', 'username'] as const;
const placeholders: readonly string[] = identities.map(name => `\${${name}}`);

/** An entry of `publish` or `subscribe` as the filter of all topics that it can stand for. */
export const accessFilterOf = (entry: string): string =>
  entry
    .split('/')
    .map(level => (placeholders.includes(level) ? '+' : level))
    .join('/');

type PlacedRule = Pick<CheckedRule, 'document' | 'rule'>;

export function checkAccess(loaded: LoadedDocument, rules: readonly PlacedRule[]): Problem[] {
  const { kind, access = {} }: { kind?: string; access?: { publish?: unknown; subscribe?: unknown } } =
    loaded.document.spec.mqtt?.broker ?? {};
  const check = (name: string, entries: unknown, errorOf: (entry: string) => MkbError | undefined) =>
    // What has the wrong shape is someone else's finding.
    (Array.isArray(entries) ? entries : []).flatMap((entry: unknown, index) => {
      const error = typeof entry === 'string' ? errorOf(entry) : undefined;
      return error ? [problemOf(loaded, ['spec', 'mqtt', 'broker', 'access', name, index], error)] : [];
    });
  return [
    ...check('publish', access.publish, entry => filterError(entry) ?? untrue(entry, rules, kind === 'mosquitto')),
    ...check('subscribe', access.subscribe, filterError),
  ];
}

function filterError(entry: string): MkbError | undefined {
  const unknown = entry.split('/').find(level => level.includes('${') && !placeholders.includes(level));
  const reason =
    unknown === undefined
      ? filterProblem(accessFilterOf(entry))
      : `\`${unknown}\` is no level; there are ${placeholders.join(' and ')}`;
  return reason === undefined ? undefined : new MkbError('mqtt-filter-invalid', { filter: entry, reason });
}

/** @param slashes whether a client id may have some: Mosquitto lets it be several levels of a topic, and EMQX is set to refuse such a client */
function untrue(entry: string, rules: readonly PlacedRule[], slashes: boolean): MkbError | undefined {
  for (const { document, rule } of rules) {
    const name = rule.sources.flatMap(source =>
      source.kind === 'mqtt' ? (forgedBy(source, entry, slashes) ?? []) : [],
    )[0];
    if (name !== undefined) return new MkbError('mqtt-identity-untrue', { filter: entry, rule: document.name, name });
  }
  return undefined;
}

/** The capture of a source that a topic of the entry can be made to hold another's name in. */
function forgedBy({ filter, captures }: MqttSource, entry: string, slashes: boolean): string | undefined {
  if (!captures.some(({ name }) => isIdentity(name))) return undefined;
  for (const topics of slashes ? withSlashes(entry, filter.split('/').length) : [entry]) {
    if (!filtersOverlap(filter, accessFilterOf(topics))) continue;
    const levels = topics.split('/');
    const forged = captures.find(({ name, level }) => isIdentity(name) && levels[level] !== `\${${name}}`);
    if (forged) return forged.name;
  }
  return undefined;
}

const isIdentity = (name: string): boolean => (identities as readonly string[]).includes(name);

const clientid = '${clientid}';

/** Of more levels, whatever may follow is taken to. */
const mostLevels = 32;

/** The entry, and what it is for client ids of more levels, as many as a filter of so many levels could match. */
function withSlashes(entry: string, levels: number): string[] {
  const [before, ...after] = entry.split(clientid);
  if (after.length === 0) return [entry];
  if (levels > mostLevels) return [entry, `${before}+/+/#`];
  const several = Array.from({ length: levels }, (_, more) => `+${'/+'.repeat(more + 1)}`);
  return [entry, ...several.map(each => [before, ...after].join(each))];
}
