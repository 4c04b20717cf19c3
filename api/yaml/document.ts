/** The documents of one YAML file: as data with places, or with what is wrong with their syntax. */
import { type Document, isScalar, parseAllDocuments } from 'yaml';
import { type Finding, finding } from '../findings.ts';
import type { Place } from '../problems.ts';
import { SourceText } from './source-text.ts';
import { explainYamlError } from './syntax-problems.ts';
import { type Report, YamlTree } from './tree.ts';

export interface YamlDocument {
  readonly source: SourceText;
  /** Missing when the syntax leaves nothing that could be checked further. */
  readonly tree?: YamlTree;
  readonly problems: readonly { readonly place: () => Place; readonly found: Finding }[];
}

/** Reads JSON as well, which is YAML. Documents without content are left out. */
export const parseYaml = (file: string, text: string): YamlDocument[] => {
  const parsed = parseAllDocuments(text, {
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false, // tree.ts looks itself: the library compares every key with every other
    logLevel: 'silent',
  });
  if ('empty' in parsed) return [];
  const source = new SourceText(file, text);
  return parsed
    .filter(
      ({ contents, errors }) =>
        errors.length > 0 || !(isScalar(contents) ? contents.value === null : contents === null),
    )
    .map(document => readDocument(source, document));
};

const readDocument = (source: SourceText, document: Document): YamlDocument => {
  const broken = syntaxProblems(source, document);
  if (broken.length > 0) return { source, problems: broken };
  const problems: { place: () => Place; found: Finding }[] = [];
  const report: Report = (offset, code, details, remedy) => {
    const found = finding([], code, details, remedy === undefined ? {} : { remedy });
    problems.push({ place: () => source.place(offset), found });
  };
  const tree = new YamlTree(source.text, document, report);
  const hopeless = problems.some(({ found }) => found.code === 'document-too-large');
  return hopeless ? { source, problems } : { source, tree, problems };
};

/** One problem a line: the first that the parser meets there; those that follow from it help nobody. */
const syntaxProblems = (source: SourceText, { errors, warnings }: Document): YamlDocument['problems'] => {
  const problems = new Map<number, YamlDocument['problems'][number]>();
  for (const error of [...errors, ...warnings]) {
    const place = source.place(error.pos[0]);
    if (problems.has(place.line)) continue;
    const { reason, remedy } = explainYamlError(error, place.sourceLine ?? '');
    const found = finding([], 'document-syntax', { reason }, remedy === undefined ? {} : { remedy });
    problems.set(place.line, { place: () => hideAfterSecretName(place), found });
    if (problems.size === mostProblems) break;
  }
  return [...problems.values()];
};

const mostProblems = 20;

/** What cannot be parsed cannot be told apart, so whatever follows a name that may be a secret's is hidden. */
const hideAfterSecretName = (place: Place): Place => {
  const sourceLine = place.sourceLine?.replace(
    /(?<=(?:value|password|secret|token|key|authorization)["']?\s*[:=]\s*)\S.*$/i,
    rest => rest.replace(/\S/g, '*'),
  );
  return sourceLine === undefined ? place : { ...place, sourceLine };
};
