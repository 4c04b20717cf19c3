/** Loads documents with every check there is: their shape, their rules, and whether this version's bridge and the operator take them. */

import { untrustedOverrides } from '../api/checks/trusted-overrides.ts';
import type { Finding } from '../api/findings.ts';
import { type DocumentCheck, type Loaded, type LoadedDocument, type LoadOptions, loadDocuments } from '../api/load.ts';
import { formatPath, type Problem, parsePath } from '../api/problems.ts';
import { documentTypos } from '../operator/typos.ts';
import { rulesCheck } from '../rules/check.ts';
import { unsupportedParts } from '../rules/unsupported.ts';
import type { UnsupportedPart } from '../rules/unsupported-part.ts';

/** Where documents are to be run. */
type Place = 'process' | 'cluster' | 'anywhere';

/**
 * Everything about the documents at `paths` that can be known without connecting anywhere.
 *
 * @param where they are to be run: what a process cannot do alone and the operator does is an error for a `process`, and a warning for
 *   whoever only looks at documents; for a `cluster`, what the operator does not run is an error too
 * @param others what else the files may hold
 */
export const loadChecked = (
  paths: readonly string[],
  where: Place = 'process',
  others: LoadOptions['others'] = {},
): Promise<Loaded> => loadDocuments(paths, { others, checks: checksFor(where) });

/** What is checked beside the shape of a document. */
export const checksFor = (where: Place): readonly DocumentCheck[] => [
  rulesCheck,
  unsupportedCheck(where),
  ...(where === 'process' ? [] : [operatorCheck]),
];

const sections = ['mqtt', 'kafka', 'schemas', 'tables', 'rules', 'delivery', 'bridge'].map(name => ['spec', name]);

const unsupportedCheck = (where: Place): DocumentCheck => ({
  reads: sections,
  check: loaded => {
    const byOperator = unsupportedParts(loaded.document, 'cluster');
    const byProcess = unsupportedParts(loaded.document, 'process');
    const impossible = new Set(byOperator.map(({ path }) => path));
    const alone = new Set(byProcess.map(({ path }) => path));
    return [
      ...byProcess.map(part =>
        problemOf(loaded, part, where === 'process' || impossible.has(part.path) ? 'error' : 'warning'),
      ),
      ...(where === 'cluster' ? byOperator.filter(({ path }) => !alone.has(path)) : []).map(part =>
        problemOf(loaded, part, 'error'),
      ),
    ];
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
