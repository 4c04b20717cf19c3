/** From findings, which know the field, to problems, which know the place in a file: for every kind of document alike. */
import type { MkbError } from './errors.ts';
import { type Finding, findingOf } from './findings.ts';
import { formatPath, type Place, type Problem } from './problems.ts';
import type { Field } from './schema/fields.ts';
import { secretPaths } from './secret-paths.ts';
import type { SourceText } from './yaml/source-text.ts';
import type { YamlTree } from './yaml/tree.ts';

/** From here on no excerpt of the file shows the secrets that a document of this schema holds. */
export const hideSecrets = (field: Field, source: SourceText, tree: YamlTree): void => {
  for (const path of secretPaths(field, tree.value)) {
    const range = tree.range(path);
    if (range) source.hide(...range);
  }
};

export const placeOf = (source: SourceText, tree: YamlTree, { path, at, offset }: Finding): Place =>
  source.place(offset === undefined ? tree.offset(path, at) : tree.offsetInString(path, offset));

export const problemOf = ({ severity, code, message, remedy, path }: Finding, place: Place): Problem => ({
  ...place,
  severity,
  code,
  path: formatPath(path),
  message,
  remedy,
});

/** An error about a file as a whole. */
export const withoutPlace = (file: string, error: MkbError): Problem =>
  problemOf(findingOf([], error), { file, line: 1, column: 1 });
