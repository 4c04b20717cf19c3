/** How a program of ours finds what it reads in its Pod: its document, and each Secret that the document refers to. */
import type { SecretKey } from './document-secrets.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface Volumes {
  readonly volumes: readonly Fields[];
  readonly volumeMounts: readonly Fields[];
}

const documentFolder = '/etc/mkb';
const secretsFolder = '/run/mkb/secrets';

/** Arguments of every command that reads a document. @param file the key of its ConfigMap */
export const readArguments = (file: string): string[] => [`${documentFolder}/${file}`, '--secrets-dir', secretsFolder];

/** The file of a key of a Secret. */
export const secretFile = ({ name, key }: SecretKey): string => `${secretsFolder}/${name}/${key}`;

/**
 * @param configMap the name of the ConfigMap that holds the document
 * @param file its key there
 * @param secrets what the document refers to
 */
export function readVolumes(configMap: string, file: string, secrets: readonly SecretKey[]): Volumes {
  const document = { name: 'document', configMap: { name: configMap, items: [{ key: file, path: file }] } };
  const { volumes, volumeMounts } = secretVolumes(secrets);
  return {
    volumes: [document, ...volumes],
    volumeMounts: [{ name: document.name, mountPath: documentFolder, readOnly: true }, ...volumeMounts],
  };
}

/** A folder for each Secret, and in it a file for each of its keys that is read. */
export function secretVolumes(secrets: readonly SecretKey[]): Volumes {
  const bySecret = [...Map.groupBy(secrets, ({ name }) => name).entries()];
  return {
    volumes: bySecret.map(([secretName, uses], index) => ({
      name: `secret-${index}`,
      secret: {
        secretName,
        // Read by the group of the Pod, which is its user's.
        defaultMode: 0o440,
        items: [...new Set(uses.map(({ key }) => key))].sort().map(key => ({ key, path: key })),
      },
    })),
    volumeMounts: bySecret.map(([secretName], index) => ({
      name: `secret-${index}`,
      mountPath: `${secretsFolder}/${secretName}`,
      readOnly: true,
    })),
  };
}
