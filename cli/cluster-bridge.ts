/** A bridge of a cluster, for the commands that do something with it. */

import { setTimeout as pause } from 'node:timers/promises';
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import type { BridgeStatus } from '../api/schema/status.ts';
import { kinds } from '../operator/kinds.ts';
import { annotations } from '../operator/resources/labels.ts';
import { ApiClient, type PatchOperation } from '../operator/runtime/client.ts';
import type { KubeObject } from '../operator/runtime/object.ts';
import type { KubeConfigOptions } from './commands/kube-config-options.ts';
import { exitCodes } from './exit-codes.ts';
import { contextNamespace, kubeConfig } from './kube-config.ts';
import { printError } from './output.ts';
import { told } from './status-bridges.ts';

export interface ClusterOptions extends KubeConfigOptions {
  readonly namespace?: string;
}

/** As the API server has it: people may have left anything out. */
export interface StoredBridge extends KubeObject {
  readonly spec: {
    readonly bridge?: { readonly replicas?: number; readonly autoscaling?: { readonly minReplicas?: number } };
    readonly mqtt?: { readonly sessionExpiry?: string; readonly listen?: unknown };
  };
  readonly status?: BridgeStatus;
}

export interface BridgePod extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount?: number }[];
  };
}

/** As whom the API server notes these commands. */
const fieldManager = 'mkb';
const timeoutMs = 10_000;
const everyMs = 500;
const disownAttempts = 5;

export class ClusterBridge {
  readonly client: ApiClient;
  readonly name: string;
  readonly namespace: string;

  constructor(client: ApiClient, namespace: string, name: string) {
    this.client = client;
    this.name = name;
    this.namespace = namespace;
  }

  /** `shop/cars`. */
  get title(): string {
    return `${this.namespace}/${this.name}`;
  }

  /** @throws bridge-not-found, bridges-not-installed, bridges-forbidden, bridges-unreadable */
  async read(): Promise<StoredBridge> {
    const { client, namespace, name } = this;
    try {
      const found = await client.get(kinds.bridge, { namespace, name });
      if (found) return found as StoredBridge;
      const { items } = await client.list(kinds.bridge, { namespace });
      const meant = nearest(
        name,
        items.map(({ metadata }) => metadata.name),
      );
      throw new MkbError('bridge-not-found', { name, where: `namespace ${namespace}`, meant });
    } catch (error) {
      throw MkbError.is(error, 'bridge-not-found') ? error : told(error, client.server);
    }
  }

  /** The same of a bridge that the operator looks after. @throws bridge-left-alone */
  async lookedAfter(): Promise<StoredBridge> {
    const bridge = await this.read();
    if (bridge.metadata.annotations?.[annotations.paused] !== 'true') return bridge;
    throw new MkbError('bridge-left-alone', { name: this.title, annotation: annotations.paused });
  }

  /** Changes it, if it is still this one. @throws bridge-change-refused */
  async patch(bridge: StoredBridge, operations: readonly PatchOperation[]): Promise<void> {
    const { metadata } = bridge;
    const noted: PatchOperation[] = metadata.annotations
      ? []
      : [{ op: 'add', path: '/metadata/annotations', value: {} }];
    const isIt: PatchOperation = { op: 'test', path: '/metadata/uid', value: metadata.uid };
    try {
      await this.client.patch(kinds.bridge, metadata, [isIt, ...noted, ...operations], { fieldManager });
    } catch (error) {
      if (MkbError.is(error, 'kube-forbidden') || MkbError.is(error, 'kube-invalid'))
        throw new MkbError('bridge-change-refused', { name: this.title, reason: error.message }, { cause: error });
      throw error;
    }
  }

  /**
   * Owns nothing more of what it has changed: an apply that changes the same field would be refused as a conflict (server-side apply).
   *
   * @throws bridge-change-refused
   */
  async disown(): Promise<void> {
    let bridge = await this.read();
    for (let attempt = 1; ; attempt++) {
      const { managedFields = [], resourceVersion } = bridge.metadata;
      const others = managedFields.filter(({ manager }) => manager !== fieldManager);
      if (others.length === managedFields.length) return;
      // An empty list would be put back.
      const value = others.length === 0 ? [{}] : others;
      const unchanged: PatchOperation = { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion };
      try {
        return await this.patch(bridge, [unchanged, { op: 'replace', path: '/metadata/managedFields', value }]);
      } catch (error) {
        // The operator writes its status at any time.
        bridge = await this.read();
        if (attempt === disownAttempts || bridge.metadata.resourceVersion === resourceVersion) throw error;
      }
    }
  }

  /** Its Pods, in the order of their numbers. */
  async pods(): Promise<BridgePod[]> {
    const labelSelector = `app.kubernetes.io/instance=${this.name},app.kubernetes.io/component=bridge`;
    const { items } = await this.client.list(kinds.pod, { namespace: this.namespace, labelSelector });
    return (items as BridgePod[]).toSorted((a, b) =>
      a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }),
    );
  }

  /**
   * Waits until `state` gives undefined; what it gives before says what is still missing.
   *
   * @throws bridge-not-yet
   */
  async until(what: string, limitMs: number, state: () => Promise<string | undefined>): Promise<void> {
    const end = performance.now() + limitMs;
    for (;;) {
      const missing = await state();
      if (missing === undefined) return;
      if (performance.now() > end) {
        const seconds = Math.round(limitMs / 1000);
        throw new MkbError('bridge-not-yet', { name: this.title, what, seconds, why: missing });
      }
      await pause(everyMs);
    }
  }
}

export const isReady = ({ status }: BridgePod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

/** Runs a command with a bridge, and gives its exit code. */
export async function withBridge(
  name: string,
  options: ClusterOptions,
  work: (bridge: ClusterBridge) => Promise<number>,
): Promise<number> {
  const config = await kubeConfig(options);
  if (config === undefined) return exitCodes.configuration;
  const client = new ApiClient(config, { userAgent: 'mkb', timeoutMs });
  try {
    return await work(new ClusterBridge(client, options.namespace ?? contextNamespace(config), name));
  } catch (error) {
    printError(error);
    return codeOf(error);
  } finally {
    client.close();
  }
}

/** What a person did wrong, or what has not come about, is no fault of the server. */
const codeOf = (error: unknown): number =>
  MkbError.is(error) && /^bridge-/.test(error.code) ? exitCodes.failed : exitCodes.unavailable;

export const say = (text: string): void => void process.stdout.write(`${text}\n`);
