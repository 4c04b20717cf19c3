/**
 * Which cluster a command talks to, found as kubectl finds it: the kubeconfig that is named, else $KUBECONFIG, else ~/.kube/config, else the
 * service account of the Pod that we are in.
 */
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { MkbError } from '../api/errors.ts';
import type { ApiAccess } from '../operator/runtime/connection.ts';
import { podAccess, serviceAccountFolder } from '../operator/runtime/pod-access.ts';
import type { KubeConfigOptions } from './commands/kube-config-options.ts';
import { printError } from './output.ts';

/** The service account of our Pod, if that is what is meant; undefined otherwise. */
export const podConfig = async ({ kubeconfig, context }: KubeConfigOptions): Promise<ApiAccess | undefined> => {
  if (kubeconfig !== undefined || context !== undefined || process.env.KUBECONFIG) return undefined;
  const home = path.join(homedir(), '.kube', 'config');
  const [own, account] = await Promise.all([home, path.join(serviceAccountFolder, 'token')].map(isThere));
  return account && !own ? podAccess(process.env) : undefined;
};

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** The kubeconfig, with the context that was asked for as its current one; undefined when there is none, which is told on stderr. */
export const kubeConfig = async (options: KubeConfigOptions): Promise<KubeConfig | undefined> => {
  try {
    return await load(options);
  } catch (cause) {
    const where = options.kubeconfig ?? 'the kubeconfig';
    printError(new MkbError('kube-config', { where, reason: (cause as Error).message }, { cause }));
    return undefined;
  }
};

const load = async ({ kubeconfig, context }: KubeConfigOptions): Promise<KubeConfig> => {
  // The client library takes a moment to load, which --help need not wait for.
  const { KubeConfig } = await import('./kubernetes-client.ts');
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  if (isMadeUp(config)) throw new Error('there is none at $KUBECONFIG or ~/.kube/config, nor are we in a Pod');
  if (context !== undefined) {
    if (!config.getContextObject(context)) throw new Error(`it has no context ${context}`);
    config.setCurrentContext(context);
  }
  if (!config.getCurrentCluster()) throw new Error('its current context names no cluster');
  return config;
};

/** Where the library finds nothing it makes up a cluster at port 8080 of this machine, where some other program may well listen. */
const isMadeUp = (config: KubeConfig): boolean =>
  config.getCurrentContext() === 'loaded-context' && config.getCurrentCluster()?.server === 'http://localhost:8080';

/** The namespace that is meant where none is named. */
export const contextNamespace = (config: KubeConfig): string =>
  config.getContextObject(config.getCurrentContext())?.namespace || 'default';
