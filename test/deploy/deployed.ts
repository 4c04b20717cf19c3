/** What deploy/ makes, as objects: with kustomize, with Helm, and as it lies in install.yaml. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../real/kubernetes.ts';
import { helmProgram, kubernetesProgram } from '../real/kubernetes-programs.ts';

export const chart = 'deploy/helm/mqtt-kafka-operator';
export const installFile = 'deploy/install.yaml';

export const objectsOf = (text: string): KubernetesObject[] =>
  parseAllDocuments(text)
    .map(document => document.toJS() as KubernetesObject | null)
    .filter(object => object !== null);

export const installed = (): KubernetesObject[] => objectsOf(readFileSync(installFile, 'utf8'));

/** @param folder with a kustomization.yaml */
export const kustomized = (folder: string): string =>
  execFileSync(kubernetesProgram('kubectl'), ['kustomize', folder], { maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' });

/** @throws Error with what Helm wrote to stderr */
export const helm = (args: readonly string[], stdin = ''): string =>
  execFileSync(helmProgram()!, [...args], {
    input: stdin,
    maxBuffer: 64 * 1024 * 1024,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });

/** @param values as in a file of values */
export const templated = (values: object = {}, release = 'mqtt-kafka-operator'): string =>
  // A Helm that was built without its release script takes Kubernetes to be 1.20.
  helm(
    [
      'template',
      release,
      chart,
      '--namespace',
      'mqtt-kafka-system',
      '--kube-version',
      '1.33.0',
      '--values',
      '-',
      '--skip-tests',
    ],
    JSON.stringify(values),
  );

/** `Kind/name`. */
export const titleOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.name}`;

export const byTitle = (objects: readonly KubernetesObject[]): Record<string, KubernetesObject> =>
  Object.fromEntries(objects.map(object => [titleOf(object), object]));
