/** From a file to the one document of a program (the exporter's, the operator's), or to everything that is wrong with it and where. */
import { apiVersion } from './bridge.ts';
import { MkbError } from './errors.ts';
import { type ReadOptions, readSources } from './files.ts';
import { type Finding, finding } from './findings.ts';
import { hideSecrets, placeOf, problemOf, withoutPlace } from './placing.ts';
import { hasErrors, type Problem, sortProblems } from './problems.ts';
import type { Field } from './schema/fields.ts';
import { checkShape, fillDefaults } from './shape.ts';
import { parseYaml, type YamlDocument } from './yaml/document.ts';

/** A kind of document. */
export interface SingleKind<D> {
  readonly kind: string;
  readonly field: Field;
  /** Whose it is, for messages: `the exporter`. */
  readonly owner: string;
  /** What the shape cannot express. Runs when the shape is right. */
  readonly check: (document: D) => Finding[];
}

export interface LoadedSingle<D> {
  /** With defaults filled in; missing when there are errors. */
  readonly document?: D;
  readonly problems: readonly Problem[];
}

/** Loads the one document of a file, or of standard input for `-`. Throws nothing about its content. */
export async function loadSingle<D>(
  file: string,
  kind: SingleKind<D>,
  options: ReadOptions = {},
): Promise<LoadedSingle<D>> {
  const [source, more] = await readSources([file], options);
  const one = more ? unreadable(file, `it is a folder, and ${kind.owner} has one document`) : source!;
  if ('error' in one) return { problems: [withoutPlace(one.file, one.error)] };
  return loadSingleText(one.text, one.file, kind);
}

/** Loads from text that is at hand; `file` is the name that problems give. */
export function loadSingleText<D>(text: string, file: string, kind: SingleKind<D>): LoadedSingle<D> {
  const documents = parseYaml(file, text);
  if (documents.length === 1) return loadSingleDocument(documents[0]!, kind);
  const reason =
    documents.length === 0 ? 'it holds no document' : `it holds several documents, and ${kind.owner} has one`;
  return { problems: [withoutPlace(file, unreadable(file, reason).error)] };
}

const unreadable = (file: string, reason: string) => ({
  file,
  error: new MkbError('document-unreadable', { file, reason }),
});

/** The same of a document that is read already. */
export function loadSingleDocument<D>({ source, tree, problems }: YamlDocument, kind: SingleKind<D>): LoadedSingle<D> {
  if (tree) hideSecrets(kind.field, source, tree);
  const all = problems.map(({ found, place }) => problemOf(found, place()));
  if (tree === undefined) return { problems: all };
  const { document, findings } = checkSingle(tree.value, kind);
  for (const found of findings) all.push(problemOf(found, placeOf(source, tree, found)));
  return { problems: sortProblems(all), ...(document && !hasErrors(all) && { document }) };
}

function checkSingle<D>(value: unknown, kind: SingleKind<D>): { document?: D; findings: Finding[] } {
  const other = otherKind(value, kind);
  if (other) return { findings: [other] };
  const shape = checkShape(kind.field, value);
  if (shape.length > 0) return { findings: shape };
  const document = fillDefaults(kind.field, value) as D;
  return { document, findings: kind.check(document) };
}

/** A bridge's document, say, is reported as such and not field by field. */
function otherKind<D>(value: unknown, wanted: SingleKind<D>): Finding | undefined {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (typeof kind !== 'string' || kind === wanted.kind) return undefined;
  const reason = `This is a document of the kind "${kind}", not ${wanted.kind}.`;
  const whose = wanted.owner.charAt(0).toUpperCase() + wanted.owner.slice(1);
  const remedy = `${whose}'s document starts with \`apiVersion: ${apiVersion}\` and \`kind: ${wanted.kind}\`.`;
  return finding(['kind'], 'field-conflict', { reason }, { remedy });
}
