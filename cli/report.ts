/**
 * `mkb report`: what somebody needs who is asked for help, in one archive, and no secret.
 *
 * Every part is tried by itself, and one that cannot be had says why in its place: a report is made when things do not work.
 */
import { mkdir, open, writeFile } from 'node:fs/promises';
import { cpus, freemem, release, totalmem } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { documentField, type MqttKafkaBridge } from '../api/bridge.ts';
import { MkbError } from '../api/errors.ts';
import { readSources } from '../api/files.ts';
import { formatProblems } from '../api/problems.ts';
import type { Secret } from '../api/schema/security.ts';
import { secretPaths } from '../api/secret-paths.ts';
import { redact, redacted, resolveSecret } from '../api/secrets.ts';
import { valueAt } from '../api/values.ts';
import { parseYaml } from '../api/yaml/document.ts';
import { examine } from '../bridge/doctor/doctor.ts';
import { createLog } from '../bridge/observe/log.ts';
import { kinds } from '../operator/kinds.ts';
import { ApiClient } from '../operator/runtime/client.ts';
import packageJson from '../package.json' with { type: 'json' };
import type { KubeConfigOptions } from './commands/kube-config-options.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { kubeConfig } from './kube-config.ts';
import { printError } from './output.ts';
import { archive, type ReportFile } from './report-archive.ts';
import { Scrub } from './report-scrub.ts';
import { eventsAbout } from './status-events.ts';

export interface ReportOptions extends KubeConfigOptions {
  readonly url: string;
  readonly log?: string;
  readonly lines: number;
  /** `namespace/name` of a bridge in a cluster. */
  readonly bridge?: string;
  readonly output?: string;
  readonly secretsDir: string;
  /** False with `--no-doctor`. */
  readonly doctor: boolean;
}

/** Returns the exit code. */
export const report = async (files: readonly string[], options: ReportOptions): Promise<number> => {
  const now = new Date();
  const name = `mkb-report-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`;
  const output = options.output ?? `${name}.tar.gz`;
  try {
    const all = await gather(files, options);
    await give(output, name, all, now.getTime());
    process.stdout.write(
      `${all.map(each => `  ${each.name}\n`).join('')}Written: ${output}. Look at it before you send it.\n`,
    );
    return exitCodes.ok;
  } catch (error) {
    printError(error);
    return exitCodes.failed;
  }
};

/** Everything, without secrets. */
export async function gather(files: readonly string[], options: ReportOptions): Promise<ReportFile[]> {
  const scrub = new Scrub();
  const { documents, problems } = await loadChecked(files, 'anywhere');
  const written = await asWritten(files);
  for (const each of [...written, ...documents.map(({ document }) => document)])
    await learn(scrub, each, options.secretsDir);
  const parts: (readonly [name: string, work: () => Promise<string>])[] = [
    ['about.json', async () => json(about())],
    ['problems.txt', async () => formatProblems(problems, { colour: false })],
    ...written.map(
      (document, at) => [`document-${at + 1}.yaml`, async () => yaml(scrub.data(withoutSecrets(document)))] as const,
    ),
    ...documents.map(
      ({ document }, at) => [`effective-${at + 1}.yaml`, async () => yaml(scrub.data(redact(document)))] as const,
    ),
    ...(options.doctor
      ? documents.map(({ document }, at) => [`doctor-${at + 1}.json`, () => doctorOf(document, options)] as const)
      : []),
    ...['metrics', 'readyz', 'healthz'].map(
      page => [`${page}.txt`, () => fetched(new URL(`/${page}`, options.url))] as const,
    ),
    ...(options.log === undefined ? [] : [['log.txt', () => newestLines(options.log!, options.lines)] as const]),
    ...(options.bridge === undefined ? [] : [['operator.json', () => operatorState(scrub, options)] as const]),
  ];
  const made: ReportFile[] = [];
  for (const [name, work] of parts) {
    const text = await work().catch((error: Error) => `It could not be had: ${error.message}\n`);
    made.push({ name, text: scrub.text(text) });
  }
  return made;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const yaml = (value: unknown): string => stringify(value, { lineWidth: 0 });

const about = (): object => ({
  mkb: packageJson.version,
  node: process.version,
  system: `${process.platform} ${release()} ${process.arch}`,
  cpus: cpus().length,
  memoryMiB: Math.round(totalmem() / 2 ** 20),
  freeMiB: Math.round(freemem() / 2 ** 20),
  time: new Date().toISOString(),
});

/** Documents as data, valid or not: comments may hold anything, so they are left out. */
async function asWritten(files: readonly string[]): Promise<unknown[]> {
  const sources = await readSources(
    files.filter(file => file !== '-'),
    {},
  );
  return sources.flatMap(source =>
    'error' in source ? [] : parseYaml(source.file, source.text).flatMap(({ tree }) => (tree ? [tree.value] : [])),
  );
}

/** A copy, valid or not, without the secrets that stand in it. */
function withoutSecrets<T>(document: T): T {
  const copy = structuredClone(document);
  for (const each of secretPaths(documentField, copy)) {
    const secret = valueAt(copy, each);
    const parent = valueAt(copy, each.slice(0, -1)) as Record<string | number, unknown>;
    if (typeof secret !== 'object' || secret === null) parent[each.at(-1)!] = redacted;
    else if ('value' in secret) secret.value = redacted;
  }
  return copy;
}

/** All secrets that a document names or holds. */
async function learn(scrub: Scrub, document: unknown, secretsDir: string): Promise<void> {
  scrub.data(document);
  for (const each of secretPaths(documentField, document)) {
    const secret = valueAt(document, each);
    if (typeof secret === 'string') scrub.add(secret);
    if (typeof secret !== 'object' || secret === null) continue;
    try {
      scrub.add((await resolveSecret(secret as Secret, { secretsDir })).reveal());
    } catch {
      // It cannot be read here, so nobody could have put it into the report.
    }
  }
}

async function doctorOf(document: MqttKafkaBridge, { secretsDir }: ReportOptions): Promise<string> {
  const checks = [];
  for await (const check of examine(document, { secrets: { secretsDir }, log: createLog('silent'), ordinal: 0 }))
    checks.push(check);
  return json(checks);
}

const mostBytes = 4 * 2 ** 20;
const patienceMs = 5000;

async function fetched(url: URL): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs), redirect: 'manual' });
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.length > mostBytes) break;
  }
  return `HTTP ${response.status}\n\n${text.slice(0, mostBytes)}`;
}

/** Of a file of any size. */
async function newestLines(file: string, lines: number): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, mostBytes);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const all = buffer.toString().split('\n');
    // The first line may be the rest of one.
    const whole = size > length ? all.slice(1) : all;
    return whole.slice(-lines - 1).join('\n');
  } finally {
    await handle.close();
  }
}

async function operatorState(scrub: Scrub, options: ReportOptions): Promise<string> {
  const config = await kubeConfig(options);
  if (config === undefined) throw new Error('there is no kubeconfig');
  const client = new ApiClient(config, { userAgent: 'mkb report', timeoutMs: 10_000 });
  try {
    const [namespace, name] = options.bridge!.split('/') as [string, string];
    const bridge = await client.get(kinds.bridge, { namespace, name });
    if (bridge === undefined)
      throw new MkbError('bridge-not-found', { name, where: `namespace ${namespace}`, meant: undefined });
    await learn(scrub, bridge, options.secretsDir);
    const { managedFields: _managed, annotations: _annotations, ...metadata } = bridge.metadata as unknown as Annotated;
    return json(
      scrub.data({ bridge: withoutSecrets({ ...bridge, metadata }), events: await eventsAbout(client, bridge) }),
    );
  } finally {
    client.close();
  }
}

/** Annotations may hold the whole document as it was applied, secrets and all. */
interface Annotated {
  readonly managedFields?: unknown;
  readonly annotations?: unknown;
}

async function give(output: string, name: string, files: readonly ReportFile[], now: number): Promise<void> {
  try {
    if (output.endsWith('.tar.gz') || output.endsWith('.tgz')) {
      const inFolder = files.map(file => ({ ...file, name: `${name}/${file.name}` }));
      await writeFile(output, archive(inFolder, now), { flag: 'wx', mode: 0o600 });
      return;
    }
    await mkdir(output, { mode: 0o700 });
    for (const file of files) await writeFile(path.join(output, file.name), file.text, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const allowed = code === 'EEXIST' ? 'a new file or folder' : `a place that can be written (${code})`;
    throw new MkbError('option-invalid', { option: '--output', found: output, allowed }, { cause });
  }
}
