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
  const { publish, subscribe }: { publish?: unknown; subscribe?: unknown } =
    loaded.document.spec.mqtt?.broker?.access ?? {};
  const check = (name: string, entries: unknown, errorOf: (entry: string) => MkbError | undefined) =>
    // What has the wrong shape is someone else's finding.
    (Array.isArray(entries) ? entries : []).flatMap((entry: unknown, index) => {
      const error = typeof entry === 'string' ? errorOf(entry) : undefined;
      return error ? [problemOf(loaded, ['spec', 'mqtt', 'broker', 'access', name, index], error)] : [];
    });
  return [
    ...check('publish', publish, entry => filterError(entry) ?? untrue(entry, rules)),
    ...check('subscribe', subscribe, filterError),
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

function untrue(entry: string, rules: readonly PlacedRule[]): MkbError | undefined {
  const levels = entry.split('/');
  for (const { document, rule } of rules) {
    for (const source of rule.sources) {
      if (source.kind !== 'mqtt' || !filtersOverlap(source.filter, accessFilterOf(entry))) continue;
      const forged = source.captures.find(
        ({ name, level }) => (identities as readonly string[]).includes(name) && levels[level] !== `\${${name}}`,
      );
      if (forged)
        return new MkbError('mqtt-identity-untrue', { filter: entry, rule: document.name, name: forged.name });
    }
  }
  return undefined;
}
