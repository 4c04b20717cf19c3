/**
 * Checks the rules of a document before anything runs: each rule's SQL, each template of its sinks against what the rule can yield, and
 * how the filters of all rules relate. Problems point at the character in the file.
 */
import { MkbError } from '../api/errors.ts';
import type { DocumentCheck, LoadedDocument } from '../api/load.ts';
import type { Path, Problem } from '../api/problems.ts';
import { checkAccess } from './check-access.ts';
import { checkCaptures } from './check-captures.ts';
import { checkClients } from './check-clients.ts';
import { checkDoubts } from './check-doubts.ts';
import { type CheckedRule, checkLoops } from './check-loops.ts';
import { checkOverlaps, type PlacedFilter } from './check-overlaps.ts';
import { checkSchemas } from './check-schemas.ts';
import { checkState } from './check-state.ts';
import { checkTables } from './check-tables.ts';
import { checkTemplates } from './check-templates.ts';
import { compileRule } from './compile.ts';
import { parseRule } from './parser.ts';
import { problemOf } from './problem-of.ts';
import type { Rule } from './rule.ts';
import type { RuleDocument } from './rule-document.ts';
import { filterProblem } from './topic-filter.ts';

/** For `loadDocuments`: runs `checkRules` on documents whose rules have the right shape. */
export const rulesCheck: DocumentCheck = {
  reads: [['spec', 'rules']],
  check: loaded => checkRules(loaded),
};

/** Every problem of the schemas, tables and rules of a document, in their order; overlapping filters and loops are warnings. */
export const checkRules = (loaded: LoadedDocument): Problem[] => {
  const { spec } = loaded.document;
  const { rules } = spec;
  const { schemas, problems: broken } = checkSchemas(loaded);
  const knowsPublisher = (spec.mqtt as { listen?: unknown } | undefined)?.listen !== undefined;
  const { tables, problems: wrong } = checkTables(loaded);
  const problems = [...broken, ...wrong];
  const filters: PlacedFilter[] = [];
  const checked: CheckedRule[] = [];
  for (const [index, document] of rules.entries()) {
    const path: Path = ['spec', 'rules', index];
    try {
      const rule = compileRule(document.sql, { schemas, tables, knowsPublisher });
      for (const filter of placedFilters(document, rule, [...path, 'sql'])) filters.push(filter);
      checked.push({ document, rule, path });
      for (const problem of checkRule(loaded, document, rule, path)) problems.push(problem);
    } catch (error) {
      problems.push(problemOf(loaded, [...path, 'sql'], error));
    }
  }
  return [
    ...problems,
    ...checkUnsubscribe(loaded, filters),
    ...checkAccess(loaded, checked),
    ...checkClients(loaded),
    ...checkOverlaps(loaded, filters),
    ...checkLoops(loaded, checked),
  ];
};

/** Filters that a server would close the connection for, again and again; and those that rules read. */
const checkUnsubscribe = (loaded: LoadedDocument, read: readonly PlacedFilter[]): Problem[] => {
  const { unsubscribe, share }: { unsubscribe?: unknown; share?: string } = loaded.document.spec.mqtt ?? {};
  // `spec.mqtt` may be missing, or broken in another way, which is someone else's finding.
  if (!Array.isArray(unsubscribe)) return [];
  const readers = new Map(
    read.map(({ filter, rule }) => [share === undefined ? filter : `$share/${share}/${filter}`, rule]),
  );
  return unsubscribe.flatMap((filter: unknown, index) => {
    if (typeof filter !== 'string') return [];
    const path: Path = ['spec', 'mqtt', 'unsubscribe', index];
    const reason = filterProblem(filter.replace(/^\$share\/[^/+#]+\//, ''));
    if (reason !== undefined) return [problemOf(loaded, path, new MkbError('mqtt-filter-invalid', { filter, reason }))];
    const rule = readers.get(filter);
    return rule === undefined ? [] : [problemOf(loaded, path, new MkbError('mqtt-filter-read', { filter, rule }))];
  });
};

/** What can be said of a rule that compiles, and of its sinks. */
const checkRule = (loaded: LoadedDocument, document: RuleDocument, rule: Rule, path: Path): Problem[] => [
  ...checkState(loaded, document, rule, path),
  ...checkDoubts(loaded, document, rule, path),
  ...checkCaptures(loaded, document, rule, path),
  ...document.sinks.flatMap((sink, at) => checkTemplates(loaded, sink, rule, [...path, 'sinks', at])),
];

const placedFilters = ({ name, sql }: RuleDocument, rule: Rule, path: Path): PlacedFilter[] => {
  const offsets = parseRule(sql).from.map(({ start }) => start);
  return rule.sources.flatMap((source, at) =>
    source.kind === 'mqtt' ? [{ filter: source.filter, rule: name, path, offset: offsets[at]! }] : [],
  );
};
