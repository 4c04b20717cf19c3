/** Loads documents with every check there is: their shape, their rules, and whether this version's bridge can run them. */
import { type DocumentCheck, type Loaded, type LoadedDocument, loadDocuments } from '../api/load.ts';
import { type Problem, parsePath } from '../api/problems.ts';
import { rulesCheck } from '../rules/check.ts';
import { type UnsupportedPart, unsupportedParts } from '../rules/unsupported.ts';

/**
 * Everything about the documents at `paths` that can be known without connecting anywhere.
 *
 * @param where they are to be run: what a process cannot do alone and the operator does is an error for a `process`, and a warning for
 *   whoever only looks at documents
 */
export const loadChecked = (paths: readonly string[], where: 'process' | 'anywhere' = 'process'): Promise<Loaded> =>
  loadDocuments(paths, { checks: [rulesCheck, unsupportedCheck(where)] });

const sections = ['mqtt', 'kafka', 'schemas', 'rules', 'delivery', 'bridge'].map(name => ['spec', name]);

const unsupportedCheck = (where: 'process' | 'anywhere'): DocumentCheck => ({
  reads: sections,
  check: loaded => {
    const impossible = new Set(unsupportedParts(loaded.document, 'cluster').map(({ path }) => path));
    return unsupportedParts(loaded.document, 'process').map(part =>
      problemOf(loaded, part, where === 'process' || impossible.has(part.path) ? 'error' : 'warning'),
    );
  },
});

const problemOf = (
  loaded: LoadedDocument,
  { path, message, remedy }: UnsupportedPart,
  severity: Problem['severity'],
): Problem => ({
  ...loaded.locate(parsePath(path), 'key'),
  severity,
  code: 'part-unsupported',
  path,
  message,
  remedy,
});
