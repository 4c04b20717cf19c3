/** `mkb run`: runs the bridges of documents until it is asked to stop. */
import { Registry } from 'prom-client';
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import { hasErrors } from '../api/problems.ts';
import { resolveSecret } from '../api/secrets.ts';
import { type Bridge, prepareBridge } from '../bridge/main.ts';
import { type Handler, type HttpEndpoint, serveHttp } from '../bridge/observe/http.ts';
import type { Logger } from '../bridge/observe/log.ts';
import { registerMetrics } from '../bridge/observe/metrics.ts';
import { BridgePage } from '../bridge/page/page.ts';
import { answerTap } from '../bridge/tap/answer.ts';
import type { Address } from './address.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import type { LogOptions } from './open-log.ts';
import { printError, printProblems } from './output.ts';
import { Evaluator } from './page/evaluator.ts';
import { Reloads } from './reload/reloads.ts';
import { answerReload } from './reload/request.ts';
import { WatchedReloads } from './reload/watched-reloads.ts';
import { RunConsole } from './run-console.ts';
import { StopSignal } from './signals.ts';

export interface RunOptions extends LogOptions {
  readonly http: Address;
  readonly secretsDir: string;
  readonly ordinal: number;
  /** Whether to serve the page. */
  readonly page: boolean;
  /** Whether to reload when a file has changed. */
  readonly watch?: true;
  /** Of a file with the token that others than this machine reload, or watch messages, with. */
  readonly reloadTokenFile?: string;
}

/** How long whoever watches has to hear of the end, milliseconds. */
const lastAnswersMs = 500;

export const run = async (files: readonly string[], options: RunOptions): Promise<number> => {
  const prepared = Promise.withResolvers<Reloads>();
  // First, so that no change is missed between the reading of a file and the first look at it.
  const watch = options.watch && new WatchedReloads(files, async () => (await prepared.promise).reload());
  try {
    await watch?.start();
    return await runFiles(files, options, prepared.resolve);
  } finally {
    watch?.close();
  }
};

/** @param prepared called when reloads are possible */
const runFiles = async (
  files: readonly string[],
  options: RunOptions,
  prepared: (reloads: Reloads) => void,
): Promise<number> => {
  const { documents, problems } = await loadChecked(files);
  printProblems(problems);
  if (hasErrors(problems)) return exitCodes.configuration;
  if (options.reloadTokenFile !== undefined) await tokenIn(options.reloadTokenFile);
  const console = new RunConsole(options);
  const bridges = await prepare(documents, options, console.log);
  if (bridges === undefined) return exitCodes.configuration;
  const registry = new Registry();
  registerMetrics(registry, () => bridges);
  const reloads = new Reloads(files, bridges, console.log);
  const { reloadTokenFile } = options;
  const token = reloadTokenFile === undefined ? undefined : () => tokenIn(reloadTokenFile);
  const evaluator = new Evaluator();
  const { evaluate } = evaluator;
  const page = options.page ? new BridgePage({ bridges, token, evaluate }) : undefined;
  const others = new Map<string, Handler>([
    ...(page?.handlers ?? []),
    ['/-/reload', (request, response) => answerReload({ token, reload: () => reloads.reload() }, request, response)],
    ['/-/tap', (request, response) => answerTap({ token, bridges: () => bridges }, request, response)],
  ]);
  const http = await serveHttp(options.http, registry, () => bridges, undefined, others).catch(async error => {
    await stopAll(bridges);
    throw error;
  });
  prepared(reloads);
  try {
    return await runBridges(bridges, http, console, reloads);
  } finally {
    page?.close();
    evaluator.close();
    await http.close(lastAnswersMs);
  }
};

/** Read each time, so that it may change. Throws `secret-unreadable`. */
const tokenIn = async (file: string): Promise<string> => {
  const token = (await resolveSecret({ valueFrom: { file } }, { secretsDir: '' })).reveal().trim();
  if (token !== '') return token;
  throw new MkbError('secret-unreadable', { source: `file ${file}`, reason: 'it is empty' });
};

const stopAll = (bridges: readonly Bridge[]) => Promise.all(bridges.map(bridge => bridge.stop()));

/** Tells everything that is wrong with any of them, not only the first. */
const prepare = async (
  documents: readonly LoadedDocument[],
  { secretsDir, ordinal }: RunOptions,
  log: Logger,
): Promise<Bridge[] | undefined> => {
  const prepared = await Promise.allSettled(
    documents.map(({ document }) => prepareBridge(document, { secrets: { secretsDir }, log, ordinal })),
  );
  const bridges = prepared.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []));
  if (bridges.length === prepared.length) return bridges;
  for (const each of prepared) if (each.status === 'rejected') printError(each.reason);
  await stopAll(bridges);
  return undefined;
};

/** Runs until a signal comes or one of them fails permanently; then all of them are stopped, for whoever restarts us restarts all. */
const runBridges = async (
  bridges: readonly Bridge[],
  http: HttpEndpoint,
  console: RunConsole,
  reloads: Reloads,
): Promise<number> => {
  const signal = new StopSignal({ outlivesOutput: true, reload: () => void reloads.reload() });
  const started = Promise.all(bridges.map(bridge => bridge.start()));
  started.then(
    () => {
      if (signal.received) return;
      const ready = `Ready: ${bridges.map(({ name }) => name).join(', ')} (${http.url})\n`;
      console.aside(() => process.stdout.write(ready));
      console.watch(bridges);
    },
    () => undefined, // `ended` is rejected as well
  );
  let code: number = exitCodes.ok;
  try {
    await Promise.race([signal.came, Promise.all(bridges.map(({ ended }) => ended))]);
  } catch (error) {
    console.aside(() => printError(error));
    code = exitCodes.failed;
  }
  await Promise.all(
    bridges.map(async bridge => {
      const { late, ...left } = await bridge.stop();
      const facts = { bridge: bridge.name, ...left };
      if (late) console.log.warn(facts, 'stopped by delivery.shutdownTimeout: what is left is delivered again');
      else console.log.info(facts, 'stopped');
    }),
  );
  console.end(bridges);
  signal.end();
  return code;
};
