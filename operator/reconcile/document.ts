/**
 * From a custom resource to a document that is known to be right, or to what is wrong with it.
 *
 * The API server has checked its shape by then, but not what it means: SQL is no language of CEL, and a resource that was stored under an
 * older definition may have a field that is refused by now. These are the checks of `mkb validate`; places are counted within the text
 * itself (the SQL of a rule), for a resource in a cluster has no file any more.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { checkDocument } from '../../api/check.ts';
import { untrustedOverrides } from '../../api/checks/trusted-overrides.ts';
import { completeDocument } from '../../api/complete.ts';
import { type ErrorCode, MkbError } from '../../api/errors.ts';
import type { Finding } from '../../api/findings.ts';
import { excessOf } from '../../api/limits.ts';
import type { LoadedDocument } from '../../api/load.ts';
import { formatPath, type Path, type Problem } from '../../api/problems.ts';
import { whyOneReplica } from '../../api/replicas.ts';
import { checkRules } from '../../rules/check.ts';
import { unsupportedParts } from '../../rules/unsupported.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { OperatorSettings } from '../settings.ts';
import { documentTypos } from '../typos.ts';

/** What is wrong with a document. */
export interface DocumentProblem {
  readonly code: ErrorCode;
  /** Whether it is about a rule, or about anything else. */
  readonly inRules: boolean;
  /** `spec.rules[0].sql, line 2, column 8: ...` */
  readonly message: string;
}

/** What is said of a document: small, whatever the document is. */
export interface Verdict {
  /** Empty when it can be run. */
  readonly problems: readonly DocumentProblem[];
  readonly warnings: readonly string[];
}

export type CheckedResource =
  | { readonly document: MqttKafkaBridge; readonly problems: readonly []; readonly warnings: readonly string[] }
  | { readonly document?: undefined; readonly problems: readonly DocumentProblem[] };

/** What a person reads of a document's problems, and what is kept of each document. */
export const mostProblems = 20;
const longestMessage = 1000;
/** The ConfigMap that bridges read holds a document twice, and is 1 MiB at most. */
const mostKib = 480;

/** What the operator decides for all documents: how many replicas there are where one does not say, and what it lets them override. */
export type CheckSettings = Pick<OperatorSettings, 'replicas' | 'trustedOverrides'>;

export function checkResource(resource: KubeObject, settings: CheckSettings): CheckedResource {
  const { problems, warnings } = verdictOf(resource, settings);
  if (problems.length > 0) return { problems };
  return { document: completeResource(resource, settings.replicas), problems: [], warnings };
}

/** The document of a resource that is right. */
export const completeResource = (resource: KubeObject, replicas: number): MqttKafkaBridge =>
  completeDocument(withReplicas(resource, replicas));

/** May take long, and throws nothing about the document: see verdicts/. */
export function verdictOf(resource: KubeObject, settings: CheckSettings): Verdict {
  const excess = excessOf(resource.spec) ?? lengthExcess(resource.spec);
  if (excess) {
    const { code, message } = new MkbError('document-too-large', excess);
    return { problems: [{ code, inRules: false, message: `spec: ${message}` }], warnings: [] };
  }
  const { problems, warnings } = found(resource, settings);
  return {
    problems: problems.slice(0, mostProblems).map(each => ({ ...each, message: shortened(each.message) })),
    warnings: warnings.slice(0, mostProblems).map(shortened),
  };
}

function lengthExcess(spec: unknown): ReturnType<typeof excessOf> {
  const kib = Buffer.byteLength(JSON.stringify(spec) ?? '') / 1024;
  return kib > mostKib ? { what: `${Math.ceil(kib)} KiB of JSON`, limit: `${mostKib} KiB` } : undefined;
}

const shortened = (message: string): string =>
  message.length > longestMessage ? `${message.slice(0, longestMessage)} ...` : message;

function found(resource: KubeObject, settings: CheckSettings): Verdict {
  const { document, findings, sound } = checkDocument(withReplicas(resource, settings.replicas));
  const ofRules = sound([['spec', 'rules']]) ? checkRules(placedIn(document)) : [];
  const problems = [
    ...findings.filter(isError).map(found => problemOf(found, document)),
    ...ofRules.filter(isError).map(found => ({ code: found.code, inRules: true, message: told(found) })),
  ];
  if (problems.length > 0) return { problems, warnings: [] };
  for (const { path, message, remedy } of unsupportedParts(document, 'cluster')) {
    const text = `${path}: ${message} ${remedy}`;
    problems.push({ code: 'part-unsupported', inRules: path.startsWith('spec.rules'), message: text });
  }
  for (const found of [...documentTypos(document), ...untrustedOverrides(document, settings.trustedOverrides)]) {
    problems.push(problemOf(found, document));
  }
  return { problems, warnings: ofRules.filter(found => !isError(found)).map(told) };
}

const isError = ({ severity }: { readonly severity: Problem['severity'] }): boolean => severity === 'error';

const told = ({ path, line, column, message }: Problem): string =>
  sentence(path, line === 0 ? undefined : { line, column }, message);

/** The operator's default, and not the document's, which is that of `mkb run`; one at most where replicas could not share the work. */
function withReplicas(resource: KubeObject, replicas: number): unknown {
  const { spec } = resource as { spec?: { bridge?: { replicas?: number }; mqtt?: object } };
  if (typeof spec?.mqtt !== 'object' || spec.mqtt === null || spec.bridge?.replicas !== undefined) return resource;
  const usual = whyOneReplica(spec) === undefined ? replicas : Math.min(replicas, 1);
  return { ...resource, spec: { ...spec, bridge: { ...spec.bridge, replicas: usual } } };
}

function problemOf({ code, path, offset, message }: Finding, document: MqttKafkaBridge): DocumentProblem {
  const place = offset === undefined ? undefined : placeIn(document, path, offset);
  return { code, inRules: path[1] === 'rules', message: sentence(formatPath(path), place, message) };
}

const sentence = (path: string, place: { line: number; column: number } | undefined, message: string): string =>
  `${path}${place ? `, line ${place.line}, column ${place.column}` : ''}: ${message}`;

/** For checks that ask for places: within a text they have one, elsewhere line 0 says that there is none. */
const placedIn = (document: MqttKafkaBridge): LoadedDocument => ({
  document,
  file: '',
  locate: () => ({ file: '', line: 0, column: 0 }),
  locateInString: (path, offset) => ({ file: '', ...placeIn(document, path, offset) }),
});

function placeIn(document: MqttKafkaBridge, path: Path, offset: number): { line: number; column: number } {
  let value: unknown = document;
  for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
  const before = String(value).slice(0, offset).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
