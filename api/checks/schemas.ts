import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { SchemaSection } from '../schema/schemas.ts';
import type { SemanticCheck } from './check.ts';
import { checkTls } from './tls.ts';

const section: Path = ['spec', 'schemas'];

/** What of a registry belongs together. rules/ knows what the texts of schemas mean. */
export const schemaChecks: readonly SemanticCheck[] = [
  {
    reads: [section],
    check: ({ spec: { schemas } }) =>
      schemas.flatMap(({ registry }, index) => checkRegistry(registry, [...section, index, 'registry'])),
  },
];

const checkRegistry = (registry: SchemaSection['registry'], path: Path): Finding[] => {
  if (registry === undefined) return [];
  const { url, subject, version, tls } = registry;
  const findings = checkTls(tls, [...path, 'tls']);
  const conflict = (name: string, reason: string, remedy: string): void => {
    findings.push(finding([...path, name], 'field-conflict', { reason }, { at: 'key', remedy }));
  };
  if (tls !== undefined && url.startsWith('http://'))
    conflict('tls', '`tls` is given, but http:// is not encrypted.', 'Use https://, and the port that serves TLS.');
  if (version !== undefined && subject === undefined)
    conflict('version', '`version` is given without `subject`.', 'Name the subject that it is a version of.');
  return findings;
};
