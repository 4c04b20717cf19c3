/** What the Pods of the bridge and those that drain its sessions have alike: the document, its secrets, and the program that reads them. */
import { bytes } from '../../api/units.ts';
import { documentKeys, runningDocument } from './bridge-document.ts';
import { secretKeysOf } from './document-secrets.ts';
import { bridgeName } from './names.ts';
import type { Pipeline } from './pipeline.ts';

/** Where the document and the secrets are found in the Pod. */
const documentFolder = '/etc/mkb';
const secretsFolder = '/run/mkb/secrets';

/** The user of our image. */
export const mkbUser = 1000;

const mebibyte = 2 ** 20;

/** Arguments of every command that reads the document. */
export const documentArguments = [`${documentFolder}/${documentKeys.runs}`, '--secrets-dir', secretsFolder];

/** Node and its libraries take about 100 MiB; what waits for Kafka is held once, and a batch of it once more while it is sent. */
export function bridgeResources({ document }: Pipeline): object {
  const { bridge, delivery } = document.spec;
  if (bridge.resources) return bridge.resources;
  const buffered = Math.ceil(bytes(delivery.buffer.maxBytes) / mebibyte);
  return {
    requests: { cpu: '100m', memory: `${128 + buffered}Mi` },
    limits: { memory: `${384 + 2 * buffered}Mi` },
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Volumes of the document and of each Secret that it refers to, and where they are mounted. */
export function documentVolumes(pipeline: Pipeline): { volumes: Fields[]; volumeMounts: Fields[] } {
  const { name } = pipeline.document.metadata;
  const bySecret = Map.groupBy(secretKeysOf(runningDocument(pipeline)), ({ name }) => name);
  const document = {
    name: 'document',
    configMap: { name: bridgeName(name), items: [{ key: documentKeys.runs, path: documentKeys.runs }] },
  };
  const secrets = [...bySecret.entries()].map(([secretName, uses], index) => ({
    name: `secret-${index}`,
    folder: `${secretsFolder}/${secretName}`,
    secret: {
      secretName,
      // Read by the group of the Pod, which is its user's.
      defaultMode: 0o440,
      items: [...new Set(uses.map(({ key }) => key))].sort().map(key => ({ key, path: key })),
    },
  }));
  return {
    volumes: [document, ...secrets.map(({ folder: _, ...volume }) => volume)],
    volumeMounts: [
      { name: document.name, mountPath: documentFolder, readOnly: true },
      ...secrets.map(({ name, folder }) => ({ name, mountPath: folder, readOnly: true })),
    ],
  };
}
