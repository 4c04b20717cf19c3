/** `mkb render k8s`: the objects that the operator would make, for clusters without it. */
import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import type { LoadedDocument } from '../api/load.ts';
import { hasErrors } from '../api/problems.ts';
import { defaultConfiguration, loadConfiguration, type OperatorConfiguration } from '../operator/configuration.ts';
import { desiredObjects } from '../operator/resources/desired-objects.ts';
import { nothingObserved } from '../operator/resources/pipeline.ts';
import { canonical } from '../operator/runtime/canonical.ts';
import type { KubeObject } from '../operator/runtime/object.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { printError, printProblems } from './output.ts';

export interface RenderOptions {
  readonly namespace?: string;
  readonly config?: string;
  readonly secrets?: boolean;
}

export const render = async (files: readonly string[], options: RenderOptions): Promise<number> => {
  const { documents, problems } = await loadChecked(files, 'cluster');
  const errors = problems.filter(({ severity }) => severity === 'error');
  printProblems(errors);
  const configuration = await configurationOf(options.config);
  if (errors.length > 0 || configuration === undefined) return exitCodes.configuration;
  try {
    const objects = documents.flatMap(document => printedOf(document, configuration, options));
    process.stdout.write(objects.map(object => stringify(canonical(object), { lineWidth: 0 })).join('---\n'));
    return exitCodes.ok;
  } catch (error) {
    printError(error);
    return exitCodes.failed;
  }
};

const configurationOf = async (file: string | undefined): Promise<OperatorConfiguration | undefined> => {
  if (file === undefined) return defaultConfiguration();
  const { document, problems } = await loadConfiguration(file);
  printProblems(problems);
  return hasErrors(problems) ? undefined : document?.spec;
};

/** What of a document's objects is asked for: all but the passwords that are made up, or those alone. */
const printedOf = (loaded: LoadedDocument, settings: OperatorConfiguration, options: RenderOptions): KubeObject[] => {
  const objects = objectsOf(loaded, settings, options, () => placeholder);
  const madeUp = objects.filter(holdsPlaceholder);
  if (!options.secrets) {
    tell(madeUp);
    return objects.filter(object => !madeUp.includes(object));
  }
  const names = new Set(madeUp.map(({ metadata }) => metadata.name));
  const newPassword = () => randomBytes(24).toString('base64url');
  return objectsOf(loaded, settings, options, newPassword).filter(
    ({ kind, metadata }) => kind === 'Secret' && names.has(metadata.name),
  );
};

/** In place of a password that is made up, so that what is printed is the same each time. */
const placeholder = 'mkb:made-up';

const objectsOf = (
  { document }: LoadedDocument,
  settings: OperatorConfiguration,
  { namespace = document.metadata.namespace }: RenderOptions,
  newPassword: () => string,
): KubeObject[] => {
  // A document that was printed by a cluster has a uid, and nothing is to belong to that.
  const { name, labels, annotations } = document.metadata;
  const metadata = {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(labels && { labels }),
    ...(annotations && { annotations }),
  };
  return desiredObjects({ document: { ...document, metadata }, settings, observed: nothingObserved, newPassword });
};

const textsOf = ({ data = {} }: KubeObject): [key: string, text: string][] =>
  Object.entries(data as Record<string, string>).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);

const holdsPlaceholder = (object: KubeObject): boolean =>
  object.kind === 'Secret' && textsOf(object).some(([, text]) => text.includes(placeholder));

const tell = (madeUp: readonly KubeObject[]): void => {
  for (const object of madeUp) {
    const keys = textsOf(object).map(([key]) => key);
    process.stderr.write(
      `Not printed: the Secret ${object.metadata.name} (${keys.join(', ')}), whose passwords are made up. --secrets prints it.\n`,
    );
  }
};
