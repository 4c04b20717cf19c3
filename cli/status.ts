/** `mkb status`: how the bridges of a Kubernetes cluster are, at a glance or one of them in detail. */
import { ApiClient } from '../operator/runtime/client.ts';
import type { Log } from '../operator/runtime/log.ts';
import type { KubeObject } from '../operator/runtime/object.ts';
import type { KubeConfigOptions } from './commands/kube-config-options.ts';
import { exitCodes } from './exit-codes.ts';
import { contextNamespace, kubeConfig } from './kube-config.ts';
import { printError, takesColour } from './output.ts';
import { StopSignal } from './signals.ts';
import { chosen, listBridges, missing, type Scope, watchBridges } from './status-bridges.ts';
import { StatusChanges } from './status-changes.ts';
import { eventsAbout } from './status-events.ts';
import { type BridgeFacts, factsOf } from './status-facts.ts';
import { redrawn } from './status-text.ts';
import { type Output, type StatusView, statusView } from './status-view.ts';

export interface StatusOptions extends KubeConfigOptions {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly output: Output;
  readonly watch?: true;
}

const timeoutMs = 10_000;

export const status = async (names: readonly string[], options: StatusOptions): Promise<number> => {
  const config = await kubeConfig(options);
  if (config === undefined) return exitCodes.configuration;
  const client = new ApiClient(config, { userAgent: 'mkb status', timeoutMs });
  const namespace = options.allNamespaces ? undefined : (options.namespace ?? contextNamespace(config));
  const look: Look = {
    client,
    scope: { namespace, names },
    view: statusView(options.output, { detailed: names.length > 0, colour: takesColour(process.stdout) }),
    text: options.output === 'text',
  };
  try {
    return options.watch ? await follow(look) : await once(look);
  } catch (error) {
    printError(error);
    return exitCodes.unavailable;
  } finally {
    client.close();
  }
};

/** What to look at, and how to print it. */
interface Look {
  readonly client: ApiClient;
  readonly scope: Scope;
  readonly view: StatusView;
  readonly text: boolean;
}

const once = async (look: Look): Promise<number> => {
  const { view, text } = look;
  const bridges = await listTold(look);
  const facts = await factsAbout(bridges, look);
  if (facts.length > 0 || !text) process.stdout.write(view.all(facts, new Date()));
  return exitCode(facts, look);
};

/** The bridges that were asked for. What is not there is told on stderr. */
const listTold = async ({ client, scope, text }: Look): Promise<KubeObject[]> => {
  const { namespace, names } = scope;
  const all = await listBridges(client, scope);
  for (const error of missing(all, scope)) printError(error);
  if (text && all.length === 0 && names.length === 0) {
    const where = namespace === undefined ? 'the cluster' : `namespace ${namespace}; -A shows those of all namespaces`;
    process.stderr.write(`There are no bridges in ${where}.\n`);
  }
  return chosen(all, scope);
};

/** Events are read only for bridges that were asked for by name. */
const factsAbout = (bridges: readonly KubeObject[], { client, scope }: Look): Promise<BridgeFacts[]> =>
  Promise.all(
    bridges.map(async bridge => {
      const events = scope.names.length > 0 ? await eventsAbout(client, bridge) : undefined;
      return { ...factsOf(bridge), ...(events && { events }) };
    }),
  );

const exitCode = (bridges: readonly BridgeFacts[], { scope }: Look): number => {
  const found = scope.names.every(wanted => bridges.some(({ name }) => name === wanted));
  return found && bridges.every(({ ready }) => ready) ? exitCodes.ok : exitCodes.failed;
};

/** On a terminal ages go on, and events come, although no bridge changes. */
const redrawMs = 5000;

const follow = async (look: Look): Promise<number> => {
  // The watch below tries again whatever happens; who may not look at all is told so by this.
  await listTold(look);
  const screen = look.text && process.stdout.isTTY === true;
  const stop = new StopSignal();
  const changes = new StatusChanges();
  let facts: BridgeFacts[] = [];
  const options = { log: stderrLog, signal: stop.stopping, everyMs: screen ? redrawMs : undefined };
  for await (const bridges of watchBridges(look.client, look.scope, options)) {
    facts = await factsAbout(bridges, look);
    const now = new Date();
    process.stdout.write(screen ? redrawn(look.view.all(facts, now)) : look.view.each(changes.since(facts), now));
  }
  stop.forget();
  return exitCode(facts, look);
};

const ignore = (): void => undefined;

/** What people need to know of a watch: that it does not hear anything at the moment. */
const stderrLog: Log = {
  debug: ignore,
  info: ignore,
  warn: (fields, message) => {
    const { err } = fields as { err?: Error };
    process.stderr.write(`${message}${err ? `: ${err.message}` : ''}\n`);
  },
  error: (_fields, message) => process.stderr.write(`${message}\n`),
};
