/** `mkb logs`: what the replicas of a bridge log, together, as `mkb run` shows it on a terminal. */
import { setTimeout as pause } from 'node:timers/promises';
import { MkbError } from '../api/errors.ts';
import type { BridgePod, ClusterBridge, ClusterOptions } from './cluster-bridge.ts';
import { withBridge } from './cluster-bridge.ts';
import { exitCodes } from './exit-codes.ts';
import { LogLines } from './log-lines.ts';
import type { logFormats } from './open-log.ts';
import { takesColour } from './output.ts';
import { StopSignal } from './signals.ts';

export interface LogsOptions extends ClusterOptions {
  readonly follow?: true;
  readonly previous?: true;
  /** Of one replica, by its number. */
  readonly ordinal?: number;
  readonly tail: number;
  /** Milliseconds. */
  readonly since?: number;
  readonly logFormat: (typeof logFormats)[number];
}

export const logs = (name: string, options: LogsOptions): Promise<number> =>
  withBridge(name, options, async cluster => {
    await cluster.read();
    const stop = new StopSignal();
    try {
      await new Logs(cluster, options, stop.stopping).run();
    } catch (error) {
      if (!stop.stopping.aborted) throw error;
    } finally {
      stop.forget();
    }
    return exitCodes.ok;
  });

interface Printing {
  readonly tailLines?: number | undefined;
  readonly sinceMs?: number;
  readonly follow?: boolean;
  /** Called after each line. */
  readonly printed?: () => void;
}

/** How often other Pods are looked for while it follows, milliseconds. */
const everyMs = 2000;

class Logs {
  readonly #cluster: ClusterBridge;
  readonly #options: LogsOptions;
  readonly #signal: AbortSignal;
  readonly #text: boolean;
  readonly #lines = new LogLines(takesColour(process.stdout));

  constructor(cluster: ClusterBridge, options: LogsOptions, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#options = options;
    this.#signal = signal;
    const { logFormat } = options;
    this.#text = logFormat === 'text' || (logFormat === 'auto' && process.stdout.isTTY === true);
  }

  async run(): Promise<void> {
    const pods = await this.#pods();
    const { name, ordinal } = { name: this.#cluster.title, ordinal: this.#options.ordinal };
    if (pods.length === 0 && !this.#options.follow)
      throw new MkbError('bridge-no-pods', { name, which: ordinal === undefined ? '' : ` of number ${ordinal}` });
    if (this.#options.follow) await this.#follow(pods);
    // One after the other: what is there already need not be mixed.
    else for (const pod of pods) await this.#print(pod, { tailLines: this.#options.tail });
  }

  async #pods(): Promise<BridgePod[]> {
    const { ordinal } = this.#options;
    const pods = await this.#cluster.pods();
    return ordinal === undefined ? pods : pods.filter(({ metadata }) => metadata.name.endsWith(`-${ordinal}`));
  }

  /** Each Pod, those that come later too, and each of its containers. */
  async #follow(first: readonly BridgePod[]): Promise<void> {
    const followed = new Map<string, { begun: boolean; lastAt: number | undefined }>();
    const begin = (pod: BridgePod, tailLines: number | undefined) => {
      const key = `${pod.metadata.uid} ${pod.status?.containerStatuses?.[0]?.restartCount ?? 0}`;
      const state = followed.get(key) ?? { begun: false, lastAt: undefined };
      followed.set(key, state);
      if (state.begun) return;
      state.begun = true;
      // After a connection that was lost it goes on where that was.
      const sinceMs = state.lastAt === undefined ? undefined : performance.now() - state.lastAt;
      const printed = () => {
        state.lastAt = performance.now();
      };
      const again = () => {
        state.begun = false;
      };
      void this.#print(pod, { ...(sinceMs === undefined ? { tailLines } : { sinceMs }), follow: true, printed }).catch(
        again,
      );
    };
    for (const pod of first) begin(pod, this.#options.tail);
    while (!this.#signal.aborted) {
      await pause(everyMs, undefined, { signal: this.#signal }).catch(() => undefined);
      if (this.#signal.aborted) return;
      for (const pod of await this.#podsIfKnown()) begin(pod, undefined);
    }
  }

  /** An API server that is down for a while does not end what follows. */
  async #podsIfKnown(): Promise<BridgePod[]> {
    try {
      return await this.#pods();
    } catch (error) {
      if (MkbError.is(error) && error.kind === 'retryable') return [];
      throw error;
    }
  }

  async #print({ metadata }: BridgePod, { tailLines, sinceMs, follow, printed }: Printing): Promise<void> {
    const { previous, since } = this.#options;
    const { name, namespace } = metadata;
    const ms = sinceMs ?? since;
    const query = {
      container: 'bridge',
      ...(previous && { previous }),
      ...(ms !== undefined && { sinceSeconds: Math.max(1, Math.ceil(ms / 1000)) }),
      ...(tailLines !== undefined && { tailLines }),
      ...(follow && { follow }),
      signal: this.#signal,
    };
    for await (const line of this.#cluster.client.log({ namespace: namespace!, name }, query)) {
      process.stdout.write(this.#shown(name, line));
      printed?.();
    }
  }

  #shown(pod: string, line: string): string {
    if (!this.#text) return `${withPod(pod, line)}\n`;
    return this.#lines
      .text(line)
      .replace(/\n?$/, '\n')
      .replaceAll(/^/gm, `${pod} `)
      .slice(0, -(pod.length + 1));
  }
}

/** A line of JSON with the Pod in it; what is none is left as it is. */
const withPod = (pod: string, line: string): string =>
  line.startsWith('{') ? `{"pod":${JSON.stringify(pod)},${line.slice(1)}` : line;
