/**
 * From files to documents: every problem of every file at once, each with its place.
 *
 * What YAML cannot read is not guessed at: of such a document the syntax problems are reported and nothing else. A document that can be read
 * is checked in all its parts, and further checks (the rules' SQL) join in through `checks`, so that a mistake in one part never hides
 * one in another.
 */
import { documentField, kind, type MqttKafkaBridge } from './bridge.ts';
import { checkDocument } from './check.ts';
import { MkbError } from './errors.ts';
import { type ReadOptions, readSources, type Source } from './files.ts';
import { type Finding, finding } from './findings.ts';
import { nearest } from './nearest.ts';
import { hideSecrets, placeOf, problemOf, withoutPlace } from './placing.ts';
import { hasErrors, type Path, type Place, type Problem, sortProblems } from './problems.ts';
import { parseYaml, type YamlDocument } from './yaml/document.ts';

export interface LoadedDocument {
  /** With defaults filled in. */
  readonly document: MqttKafkaBridge;
  /** The file's name as it was given; `<stdin>` for `-`. */
  readonly file: string;
  /** Where the value at `path` stands, or its name; for what is not in the file, the nearest part around it. */
  locate(path: Path, at?: 'key' | 'value'): Place;
  /** Where the character at `offset` (UTF-16 code units) of the text at `path` stands, through quotes, folding and indentation. */
  locateInString(path: Path, offset: number): Place;
}

/** A check from outside of this folder. */
export interface DocumentCheck {
  /** The parts that `check` looks at. It runs when they have the right shape, whatever is wrong elsewhere. */
  readonly reads: readonly Path[];
  check(loaded: LoadedDocument): readonly Problem[];
}

export interface LoadOptions extends ReadOptions {
  readonly checks?: readonly DocumentCheck[];
  /** Documents of other kinds that are looked at as well, by the name of the kind. What is wrong with one is among the problems. */
  readonly others?: Readonly<Record<string, (parsed: YamlDocument) => readonly Problem[]>>;
}

export interface OtherDocument {
  readonly file: string;
  readonly kind: string;
}

export interface Loaded {
  /** The documents without errors, in the order read. */
  readonly documents: LoadedDocument[];
  /** Documents of other kinds without errors. */
  readonly others: readonly OtherDocument[];
  /** By file and place. Files without any document count as a problem. */
  readonly problems: Problem[];
}

/** Loads files, folders (their .yaml, .yml and .json files by name) and `-` for standard input. Throws nothing about their content. */
export const loadDocuments = async (paths: readonly string[], options: LoadOptions = {}): Promise<Loaded> => {
  const sources = await readSources(paths, options);
  return loadSources(sources, options);
};

/** Loads documents from text that is at hand; `file` is the name that problems give. */
export const loadText = (text: string, file: string, options: LoadOptions = {}): Loaded =>
  loadSources([{ file, text }], options);

const loadSources = (sources: readonly Source[], options: LoadOptions): Loaded => {
  const each = sources.map(source => loadSource(source, options));
  const documents = each.flatMap(loaded => loaded.documents);
  const problems = [...each.flatMap(loaded => loaded.problems), ...sameNames(documents)];
  return { documents, others: each.flatMap(({ others }) => others), problems: sortProblems(problems) };
};

const loadSource = (source: Source, options: LoadOptions): Loaded => {
  if ('error' in source) return refused([withoutPlace(source.file, source.error)]);
  const each = parseYaml(source.file, source.text).map(parsed => loadDocument(parsed, options));
  if (each.length === 0) {
    const error = new MkbError('document-unreadable', { file: source.file, reason: 'it holds no document' });
    return refused([withoutPlace(source.file, error)]);
  }
  return {
    documents: each.flatMap(({ documents }) => documents),
    others: each.flatMap(({ others }) => others),
    problems: each.flatMap(({ problems }) => problems),
  };
};

const refused = (problems: Problem[]): Loaded => ({ documents: [], others: [], problems });

const loadDocument = (parsed: YamlDocument, { checks = [], others = {} }: LoadOptions): Loaded => {
  const { source, tree, problems } = parsed;
  const kindName = kindOf(tree?.value);
  if (kindName !== undefined && Object.hasOwn(others, kindName)) {
    const found = [...others[kindName]!(parsed)];
    return { ...refused(found), others: hasErrors(found) ? [] : [{ file: source.file, kind: kindName }] };
  }
  if (tree) hideSecrets(documentField, source, tree);
  const all = problems.map(({ found, place }) => problemOf(found, place()));
  if (tree === undefined) return refused(all);
  const other = otherKind(tree.value);
  if (other) return refused([problemOf(other, placeOf(source, tree, other))]);
  const { document, findings, sound } = checkDocument(tree.value);
  const loaded: LoadedDocument = {
    document,
    file: source.file,
    locate: (path, at = 'value') => source.place(tree.offset(path, at)),
    locateInString: (path, offset) => source.place(tree.offsetInString(path, offset)),
  };
  for (const found of findings) all.push(problemOf(found, placeOf(source, tree, found)));
  for (const { reads, check } of checks) if (sound(reads)) for (const problem of check(loaded)) all.push(problem);
  return { ...refused(all), documents: hasErrors(all) ? [] : [loaded] };
};

/** Files of Kubernetes objects hold many kinds; one that is clearly another is reported as such and not field by field. */
const otherKind = (value: unknown): Finding | undefined => {
  const name = kindOf(value);
  if (name === undefined || name === kind || nearest(name, [kind])) return undefined;
  return finding(['kind'], 'document-kind', { found: `a document of the kind "${name}"` });
};

const kindOf = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'
    ? value.kind
    : undefined;

/** Two bridges of one name would take each other's MQTT session over, again and again. */
const sameNames = (documents: readonly LoadedDocument[]): Problem[] => {
  const first = new Map<string, LoadedDocument>();
  return documents.flatMap(loaded => {
    const { namespace = '', name } = loaded.document.metadata;
    const other = first.get(`${namespace}/${name}`);
    if (other === undefined) {
      first.set(`${namespace}/${name}`, loaded);
      return [];
    }
    const path = ['metadata', 'name'];
    const { file, line } = other.locate(path);
    const reason = `The name "${name}" is taken by the document at ${file}:${line}.`;
    const remedy = 'Give each bridge its own name: two of one name take the MQTT session from each other.';
    return [problemOf(finding(path, 'field-conflict', { reason }, { remedy }), loaded.locate(path))];
  });
};
