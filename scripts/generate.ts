/**
 * Writes every file that is made from code: `npm run generate`. With `--check` it writes nothing and fails if one is stale, so that what
 * is committed is always what the code says.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { crdName, customResourceDefinition } from '../api/crd.ts';
import { userJsonSchema } from '../api/json-schema.ts';
import { userCrdName, userResourceDefinition } from '../api/user-crd.ts';
import { dashboardFiles } from '../dashboards/generated-files.ts';
import { deployFiles } from '../deploy/manifests/files.ts';
import { editorSchema } from '../rules/editor-schema.ts';
import { decisionsIndex } from './decisions-index.ts';
import { documentReference } from './document-reference.ts';
import { errorReference } from './error-reference.ts';
import { exporterMetricsReference } from './exporter-metrics-reference.ts';
import { kafkaCodesReference } from './kafka-codes-reference.ts';
import { kubernetesFields } from './kubernetes-fields.ts';
import { metricsReference } from './metrics-reference.ts';
import { mqttCodesReference } from './mqtt-codes-reference.ts';
import { operatorMetricsReference } from './operator-metrics-reference.ts';
import { operatorReference } from './operator-reference.ts';
import { rulesReference } from './rules-reference.ts';
import { simulatorMetricsReference } from './simulator-metrics-reference.ts';
import { thirdParty } from './third-party.ts';
import { userReference } from './user-reference.ts';

interface GeneratedFile {
  /** From the repository's root. */
  readonly path: string;
  content(): string | Promise<string>;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** Add a file here, and `npm run check` watches over it. */
const files: readonly GeneratedFile[] = [
  { path: 'api/generated/mqtt-kafka-bridge.schema.json', content: () => json(editorSchema()) },
  { path: 'api/generated/mqtt-user.schema.json', content: () => json(userJsonSchema()) },
  { path: `crds/${userCrdName}.yaml`, content: () => yaml(userResourceDefinition()) },
  { path: `crds/${crdName}.yaml`, content: () => yaml(customResourceDefinition()) },
  { path: 'docs/decisions/README.md', content: () => decisionsIndex() },
  { path: 'docs/reference/document.md', content: documentReference },
  { path: 'docs/reference/mqtt-user.md', content: userReference },
  { path: 'docs/reference/errors.md', content: errorReference },
  { path: 'docs/reference/kafka-error-codes.md', content: kafkaCodesReference },
  { path: 'docs/reference/metrics.md', content: metricsReference },
  { path: 'docs/reference/exporter-metrics.md', content: exporterMetricsReference },
  { path: 'docs/reference/mqtt-reason-codes.md', content: mqttCodesReference },
  { path: 'docs/reference/operator.md', content: operatorReference },
  { path: 'docs/reference/operator-metrics.md', content: operatorMetricsReference },
  { path: 'docs/reference/rules.md', content: rulesReference },
  { path: 'docs/reference/simulator-metrics.md', content: simulatorMetricsReference },
  { path: 'THIRD-PARTY.md', content: thirdParty },
  { path: 'operator/generated/kubernetes-fields.json', content: () => json(kubernetesFields()) },
  ...dashboardFiles,
  ...deployFiles,
];

const root = path.resolve(import.meta.dirname, '..');

const current = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);

const stale: string[] = [];
for (const { path: name, content } of files) {
  const file = path.join(root, name);
  const wanted = await content();
  if ((await current(file)) === wanted) continue;
  stale.push(name);
  if (process.argv.includes('--check')) continue;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, wanted);
}

if (process.argv.includes('--check') && stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run npm run generate and commit the result.`);
  process.exitCode = 1;
} else if (stale.length > 0) {
  console.log(`Written: ${stale.join(', ')}`);
}
