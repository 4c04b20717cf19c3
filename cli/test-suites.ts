/** Finds the tests of files and folders, and runs them rule by rule. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isDocument, isTestFile } from '../api/files.ts';
import { type LoadedDocument, loadDocuments } from '../api/load.ts';
import { hasErrors, type Path, type Place, type Problem } from '../api/problems.ts';
import type { RuleTest } from '../api/schema/rule-tests.ts';
import { type LoadedTestFile, loadTestFiles } from '../api/test-file.ts';
import { requestBytes } from '../bridge/settings.ts';
import { readOnce } from '../bridge/tables/read-rows.ts';
import { rulesCheck } from '../rules/check.ts';
import { costLimitsOf } from '../rules/cost-limits.ts';
import type { RuleDocument } from '../rules/rule-document.ts';
import { type Tables, tablesOf } from '../rules/tables/tables.ts';
import type { DocumentWorld } from './document-world.ts';
import { RuleCoverage } from './test-coverage.ts';
import type { CoveredRule, Result } from './test-report.ts';
import { runTest, type TestLimits } from './test-run.ts';
import { testSchemas } from './test-schemas.ts';
import { testTables } from './test-tables.ts';

export interface SuiteResults {
  readonly results: readonly Result[];
  readonly rules: readonly CoveredRule[];
  /** Nothing is run when one of them is an error. */
  readonly problems: readonly Problem[];
}

/** @param only the name of the rule to test; without it, all */
export const runSuites = async (paths: readonly string[], only?: string): Promise<SuiteResults> => {
  const files = (await Promise.all(paths.map(filesAt))).flat();
  const tests = await loadTestFiles(eachOnce(files.filter(isTestFile)));
  const named = tests.files.map(({ document }) => document);
  const documents = eachOnce([...files.filter(each => !isTestFile(each)), ...named]);
  const loaded = documents.length === 0 ? noDocuments : await loadDocuments(documents, { checks: [rulesCheck] });
  const suites = hasErrors(loaded.problems)
    ? []
    : await Promise.all(loaded.documents.map(each => suitesOf(each, filesFor(each, tests.files))));
  const problems = [...tests.problems, ...loaded.problems, ...suites.flatMap(suite => suite.problems)];
  if (hasErrors(problems)) return { results: [], rules: [], problems };
  const wanted = suites
    .flatMap(suite => suite.rules)
    .filter(({ document }) => only === undefined || document.name === only);
  const ran = wanted.map(runRule);
  return { results: ran.flatMap(({ results }) => results), rules: ran.map(({ rule }) => rule), problems };
};

const noDocuments = { documents: [], problems: [] };

/** A folder's documents and tests; anything else is itself, and told by whoever reads it if it is not there. */
const filesAt = async (name: string): Promise<string[]> => {
  const entries = name === '-' ? [] : await readdir(name).catch(() => []);
  const files = entries.filter(each => isDocument(each) || isTestFile(each)).sort();
  return files.length === 0 ? [name] : files.map(file => path.join(name, file));
};

/** The same file under several names is taken once, under the first. */
const eachOnce = (files: readonly string[]): string[] =>
  [...new Map(files.toReversed().map(file => [path.resolve(file), file])).values()].reverse();

const filesFor = ({ file }: LoadedDocument, files: readonly LoadedTestFile[]): LoadedTestFile[] =>
  files.filter(({ document }) => path.resolve(document) === path.resolve(file));

interface PlacedTest {
  readonly test: RuleTest;
  readonly place: Place;
  readonly tables: Tables;
}

interface RuleSuite {
  readonly bridge: string;
  readonly document: RuleDocument;
  readonly world: DocumentWorld;
  readonly limits: TestLimits;
  readonly tests: readonly PlacedTest[];
  locate(offset: number): Place;
}

interface Suites {
  readonly rules: readonly RuleSuite[];
  readonly problems: readonly Problem[];
}

const suitesOf = async (loaded: LoadedDocument, files: readonly LoadedTestFile[]): Promise<Suites> => {
  const { metadata, spec } = loaded.document;
  const names = spec.rules.map(({ name }) => name);
  const apart = files.flatMap(file => file.tests.map((test, at) => ({ test, at, file })));
  const { schemas, problems } = testSchemas(loaded, files);
  const tables = tablesOf(spec.tables);
  await readOnce(tables);
  const wrong: Problem[] = [];
  const placed = (test: RuleTest, place: Place, places: Parameters<typeof testTables>[2], path: Path): PlacedTest => {
    const own = testTables(tables, test.tables, places, path);
    for (const problem of own.problems) wrong.push(problem);
    return { test, place, tables: own.tables };
  };
  const { compression, maxRequestBytes } = spec.kafka.producer;
  const maxRecordBytes = compression === 'none' ? requestBytes(maxRequestBytes).maxRequestBytes : undefined;
  const limits = { costs: costLimitsOf(spec.delivery), maxRecordBytes };
  const rules = spec.rules.map((document, index): RuleSuite => {
    const path: Path = ['spec', 'rules', index];
    const beside = (document.tests ?? []).map((test, at) => {
      const placeOfTest = [...path, 'tests', at];
      return placed(test, loaded.locate(placeOfTest), loaded, placeOfTest);
    });
    const others = apart.filter(({ test }) => test.rule === document.name);
    return {
      bridge: metadata.name,
      document,
      world: { schemas, tables },
      limits,
      tests: [
        ...beside,
        ...others.map(({ test, at, file }) => placed(test, file.locate(at), file.places, ['tests', at])),
      ],
      locate: offset => loaded.locateInString([...path, 'sql'], offset),
    };
  });
  const strangers = apart.filter(({ test }) => !names.includes(test.rule));
  return { rules, problems: [...problems, ...wrong, ...strangers.map(({ at, file }) => file.unknownRule(at, names))] };
};

const runRule = ({
  bridge,
  document,
  world,
  limits,
  tests,
  locate,
}: RuleSuite): { results: Result[]; rule: CoveredRule } => {
  const coverage = new RuleCoverage(document.name, document.sql, world);
  const results = tests.map(({ test, place, tables }): Result => {
    const startedAt = performance.now();
    const { difference, rows } = runTest(document, test, { ...world, tables }, coverage.observe, bridge, limits);
    coverage.tests += 1;
    if (rows > 0) coverage.selected += 1;
    const milliseconds = performance.now() - startedAt;
    return { bridge, rule: document.name, name: test.name, place, milliseconds, difference };
  });
  return { results, rule: { bridge, coverage, locate } };
};
