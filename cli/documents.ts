/** Loads documents with every check there is: their shape, their rules, and whether this version's bridge and the operator take them. */

import { untrustedOverrides } from '../api/checks/trusted-overrides.ts';
import type { Finding } from '../api/findings.ts';
import { type DocumentCheck, type Loaded, type LoadedDocument, type LoadOptions, loadDocuments } from '../api/load.ts';
import { formatPath, type Problem, parsePath } from '../api/problems.ts';
import { documentTypos } from '../operator/typos.ts';
import { rulesCheck } from '../rules/check.ts';
import { type UnsupportedPart, unsupportedParts } from '../rules/unsupported.ts';

/**
 * Everything about the documents at `paths` that can be known without connecting anywhere.
 *
 * @param where they are to be run: what a process cannot do alone and the operator does is an error for a `process`, and a warning for
 *   whoever only looks at documents
 * @param others what else the files may hold
 */
export const loadChecked = (
  paths: readonly string[],
  where: 'process' | 'anywhere' = 'process',
  others: LoadOptions['others'] = {},
): Promise<Loaded> =>
  loadDocuments(paths, {
    others,
    checks: [rulesCheck, unsupportedCheck(where), ...(where === 'anywhere' ? [operatorCheck] : [])],
  });

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

/** What only the operator reads. Whether it trusts what reaches beyond a namespace is in its configuration, which is not at hand here. */
const operatorCheck: DocumentCheck = {
  reads: ['mqtt', 'bridge', 'overrides'].map(name => ['spec', name]),
  check: loaded => [
    ...documentTypos(loaded.document).map(each => placed(loaded, each)),
    ...untrustedOverrides(loaded.document, []).map(each => placed(loaded, { ...each, severity: 'warning' })),
  ],
};

const placed = ({ locate }: LoadedDocument, { path, at, severity, code, message, remedy }: Finding): Problem => ({
  ...locate(path, at),
  ...{ severity, code, path: formatPath(path), message, remedy },
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
