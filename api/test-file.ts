/** Files of tests, `cars_test.yaml` beside `cars.yaml`: read like documents, with every problem at its place. */
import path from 'node:path';
import { checkRuleTest } from './checks/rule-tests.ts';
import { MkbError } from './errors.ts';
import { type ReadOptions, readSources } from './files.ts';
import { finding } from './findings.ts';
import type { LoadedDocument } from './load.ts';
import { nearest } from './nearest.ts';
import { placeOf, problemOf, withoutPlace } from './placing.ts';
import { hasErrors, type Place, type Problem, sortProblems } from './problems.ts';
import type { Field } from './schema/fields.ts';
import { type TestFile, testFile } from './schema/rule-tests.ts';
import { checkShape, fillDefaults } from './shape.ts';
import { parseYaml, type YamlDocument } from './yaml/document.ts';

const field = testFile as unknown as Field;

export interface LoadedTestFile {
  readonly file: string;
  /** The file of the document that is tested, as it can be opened from here. */
  readonly document: string;
  /** With defaults filled in. */
  readonly tests: TestFile['tests'];
  /** What the registries of the document have. */
  readonly registry: TestFile['registry'];
  /** Where things stand in the file. */
  readonly places: Pick<LoadedDocument, 'locate' | 'locateInString'>;
  /** Where a test begins. */
  locate(test: number): Place;
  /** The problem of a test that names a rule which the document does not have. */
  unknownRule(test: number, rules: readonly string[]): Problem;
}

export interface LoadedTestFiles {
  /** Those without errors. */
  readonly files: readonly LoadedTestFile[];
  readonly problems: readonly Problem[];
}

/** Loads files of tests. Throws nothing about their content. */
export const loadTestFiles = async (paths: readonly string[], options: ReadOptions = {}): Promise<LoadedTestFiles> => {
  const sources = await readSources(paths, options);
  const each = sources.map(source =>
    'error' in source
      ? { files: [], problems: [withoutPlace(source.file, source.error)] }
      : loadText(source.file, source.text),
  );
  return {
    files: each.flatMap(({ files }) => files),
    problems: sortProblems(each.flatMap(({ problems }) => problems)),
  };
};

const loadText = (file: string, text: string): LoadedTestFiles => {
  const parsed = parseYaml(file, text);
  if (parsed.length === 0) {
    const error = new MkbError('document-unreadable', { file, reason: 'it holds no tests' });
    return { files: [], problems: [withoutPlace(file, error)] };
  }
  const each = parsed.map(document => loadParsed(file, document));
  return { files: each.flatMap(({ files }) => files), problems: each.flatMap(({ problems }) => problems) };
};

const loadParsed = (file: string, { source, tree, problems: broken }: YamlDocument): LoadedTestFiles => {
  const problems = broken.map(({ found, place }) => problemOf(found, place()));
  if (tree === undefined) return { files: [], problems };
  const shape = checkShape(field, tree.value);
  const value = fillDefaults(field, tree.value) as TestFile;
  const meaning = shape.length > 0 ? [] : value.tests.flatMap((test, at) => checkRuleTest(test, ['tests', at]));
  for (const found of [...shape, ...meaning]) problems.push(problemOf(found, placeOf(source, tree, found)));
  if (hasErrors(problems)) return { files: [], problems };
  const named = value.document ?? path.basename(file).replace(/_test(?=\.\w+$)/i, '');
  const loaded: LoadedTestFile = {
    file,
    document: path.join(path.dirname(file), named),
    tests: value.tests,
    registry: value.registry,
    places: {
      locate: (path, at = 'value') => source.place(tree.offset(path, at)),
      locateInString: (path, offset) => source.place(tree.offsetInString(path, offset)),
    },
    locate: test => source.place(tree.offset(['tests', test], 'value')),
    unknownRule: (test, rules) => {
      const name = value.tests[test]!.rule;
      const found = finding(['tests', test, 'rule'], 'rule-not-found', { name, meant: nearest(name, rules) });
      return problemOf(found, placeOf(source, tree, found));
    },
  };
  return { files: [loaded], problems };
};
