/** From a file to the exporter's document, or to everything that is wrong with it and where. */
import { apiVersion } from '../../api/bridge.ts';
import { MkbError } from '../../api/errors.ts';
import { type ReadOptions, readSources } from '../../api/files.ts';
import { type Finding, finding } from '../../api/findings.ts';
import { hideSecrets, placeOf, problemOf, withoutPlace } from '../../api/placing.ts';
import { hasErrors, type Problem, sortProblems } from '../../api/problems.ts';
import { checkShape, fillDefaults } from '../../api/shape.ts';
import { parseYaml, type YamlDocument } from '../../api/yaml/document.ts';
import { checkExporter } from './checks.ts';
import { type ExporterDocument, exporterField, exporterKind } from './schema.ts';

export interface LoadedExporter {
  /** With defaults filled in; missing when there are errors. */
  readonly document?: ExporterDocument;
  readonly problems: readonly Problem[];
}

/** Loads the one document of a file, or of standard input for `-`. Throws nothing about its content. */
export async function loadExporter(file: string, options: ReadOptions = {}): Promise<LoadedExporter> {
  const [source, more] = await readSources([file], options);
  const one = more ? unreadable(file, 'it is a folder, and the exporter has one document') : source!;
  if ('error' in one) return { problems: [withoutPlace(one.file, one.error)] };
  return loadExporterText(one.text, one.file);
}

/** Loads from text that is at hand; `file` is the name that problems give. */
export function loadExporterText(text: string, file: string): LoadedExporter {
  const documents = parseYaml(file, text);
  if (documents.length === 1) return loadDocument(documents[0]!);
  const reason =
    documents.length === 0 ? 'it holds no document' : 'it holds several documents, and the exporter has one';
  return { problems: [withoutPlace(file, unreadable(file, reason).error)] };
}

const unreadable = (file: string, reason: string) => ({
  file,
  error: new MkbError('document-unreadable', { file, reason }),
});

function loadDocument({ source, tree, problems }: YamlDocument): LoadedExporter {
  if (tree) hideSecrets(exporterField, source, tree);
  const all = problems.map(({ found, place }) => problemOf(found, place()));
  if (tree === undefined) return { problems: all };
  const { document, findings } = check(tree.value);
  all.push(...findings.map(found => problemOf(found, placeOf(source, tree, found))));
  return { problems: sortProblems(all), ...(document && !hasErrors(all) && { document }) };
}

function check(value: unknown): { document?: ExporterDocument; findings: Finding[] } {
  const other = otherKind(value);
  if (other) return { findings: [other] };
  const shape = checkShape(exporterField, value);
  if (shape.length > 0) return { findings: shape };
  const document = fillDefaults(exporterField, value) as ExporterDocument;
  return { document, findings: checkExporter(document.spec) };
}

/** A bridge's document, say, is told as such and not field by field. */
function otherKind(value: unknown): Finding | undefined {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (typeof kind !== 'string' || kind === exporterKind) return undefined;
  const reason = `This is a document of the kind "${kind}", not ${exporterKind}.`;
  const remedy = `The exporter's document starts with \`apiVersion: ${apiVersion}\` and \`kind: ${exporterKind}\`.`;
  return finding(['kind'], 'field-conflict', { reason }, { remedy });
}
