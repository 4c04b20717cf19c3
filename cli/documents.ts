/** Loads documents with every check there is: their shape, their rules, and whether this version's bridge can run them. */
import { type DocumentCheck, type Loaded, type LoadedDocument, loadDocuments } from '../api/load.ts';
import { type Problem, parsePath } from '../api/problems.ts';
import { rulesCheck } from '../rules/check.ts';
import { unsupportedParts } from '../rules/unsupported.ts';

/** Everything about the documents at `paths` that can be known without connecting anywhere. */
export const loadChecked = (paths: readonly string[]): Promise<Loaded> => loadDocuments(paths, { checks });

const sections = ['mqtt', 'kafka', 'rules', 'delivery', 'bridge'].map(name => ['spec', name]);

const unsupported = (loaded: LoadedDocument): Problem[] =>
  unsupportedParts(loaded.document, 'process').map(({ path, message, remedy }) => ({
    ...loaded.locate(parsePath(path), 'key'),
    severity: 'error',
    code: 'part-unsupported',
    path,
    message,
    remedy,
  }));

const checks: readonly DocumentCheck[] = [rulesCheck, { reads: sections, check: unsupported }];
