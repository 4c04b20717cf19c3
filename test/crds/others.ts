/** Custom resources of others, as their projects publish them: what is made for them is checked against what they take. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export type Other =
  | 'podmonitors'
  | 'servicemonitors'
  | 'prometheusrules'
  | 'kafkatopics'
  | 'kafkausers'
  | 'certificates'
  | 'issuers'
  | 'tlsroutes'
  | 'tcproutes';

/** A CustomResourceDefinition. others/README.md says where it is from. */
export const definitionOf = (plural: Other): object =>
  parse(readFileSync(new URL(`others/${plural}.yaml`, import.meta.url), 'utf8'));
