/**
 * The API server as a Pod knows it: by two variables of its environment and the files of its service account.
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
 *
 * The client library reads them too, and kubeconfigs of every kind. Loading it takes 60 MiB of memory, which an operator in a Pod needs for nothing else.
 */
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { ApiAccess } from './connection.ts';

/** Where kubelet puts the files. */
export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @returns undefined outside of a Pod */
export function podAccess(
  env: Readonly<Record<string, string | undefined>>,
  folder = serviceAccountFolder,
): ApiAccess | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) return undefined;
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return {
    getCurrentCluster: () => ({ server }),
    // Both files are renewed under a running process.
    applyToHTTPSOptions: async (options: RequestOptions) => {
      const [token, ca] = await Promise.all([
        readFile(join(folder, 'token'), 'utf8'),
        readFile(join(folder, 'ca.crt')),
      ]);
      options.ca = ca;
      options.headers = { ...options.headers, Authorization: `Bearer ${token.trim()}` };
    },
  };
}
