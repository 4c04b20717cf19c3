/** What only EMQX has to keep secret. */
import type { KubeObject } from '../../runtime/object.ts';
import { emqxSecretName } from '../names.ts';
import { secret } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { kept } from './own-users.ts';
import { emqxApi } from './users.ts';

/** Keys of the Secret. EMQX reads two from its environment, by these variables. */
export const emqxKeys = {
  environment: { EMQX_NODE__COOKIE: 'node-cookie', EMQX_DASHBOARD__DEFAULT_PASSWORD: 'dashboard-password' },
  apiKeys: 'api-keys',
} as const;

/** Where the Secret's keys of the API are mounted, and the file of them. */
export const apiKeysFolder = '/run/mkb/api';
export const apiKeysFile = `${apiKeysFolder}/${emqxKeys.apiKeys}`;

export function emqxSecret(pipeline: Pipeline): KubeObject {
  const name = emqxSecretName(pipeline.document.metadata.name);
  // Variables are HOCON: text that begins with a digit might be taken for a number.
  const lettered = { ...pipeline, newPassword: () => `k${pipeline.newPassword()}` };
  const environment = Object.values(emqxKeys.environment).map(key => [key, kept(lettered, name, key)]);
  const apiSecret = kept(pipeline, name, emqxApi.secretKey);
  return secret(pipeline, 'broker', name, {
    ...Object.fromEntries(environment),
    [emqxApi.secretKey]: apiSecret,
    // No role after it: only the Enterprise edition has some, and the other refuses the whole line.
    [emqxKeys.apiKeys]: `${emqxApi.key}:${apiSecret}\n`,
  });
}

/** The volume of the API's keys. */
export const apiKeysVolume = (name: string) => ({
  name: 'api-keys',
  secret: {
    secretName: emqxSecretName(name),
    defaultMode: 0o440,
    items: [{ key: emqxKeys.apiKeys, path: emqxKeys.apiKeys }],
  },
});
