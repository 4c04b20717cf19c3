/**
 * Secrets that a document holds itself (`value`) go into a Secret of the operator's, and the document gets references to them in their place. So
 * no ConfigMap ever holds one.
 */
import { documentField, type MqttKafkaBridge } from '../../api/bridge.ts';
import type { Path } from '../../api/problems.ts';
import type { Field } from '../../api/schema/fields.ts';
import { secretPaths } from '../../api/secret-paths.ts';
import { setAt, valueAt } from '../../api/values.ts';
import type { KubeObject } from '../runtime/object.ts';
import { documentSecretName } from './names.ts';
import { secret } from './parts.ts';
import type { Pipeline } from './pipeline.ts';

/** A key of a Secret. */
export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

interface SecretValue {
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: SecretKey };
}

/** Each secret of a document, with its place. */
const secretsOf = (
  document: unknown,
  field: Field = documentField,
): { readonly path: Path; readonly secret: SecretValue }[] =>
  secretPaths(field, document).map(path => ({ path, secret: valueAt(document, path) as SecretValue }));

/** Where the Secret keeps what stood at a path: `mqtt.auth.password`. */
const keyOf = (path: Path): string => path.slice(1).join('.');

/** The same document with references in place of texts. */
export function withoutTexts(document: MqttKafkaBridge): MqttKafkaBridge {
  const copy = structuredClone(document);
  for (const { path, secret } of secretsOf(copy)) {
    if (secret.value === undefined) continue;
    const { value: _, ...named } = secret;
    const secretKeyRef = { name: documentSecretName(document.metadata.name), key: keyOf(path) };
    setAt(copy, path, { ...named, valueFrom: { secretKeyRef } });
  }
  return copy;
}

/**
 * The keys of Secrets that a document, or a part of it in its place, refers to.
 *
 * @param field the definition of the document; by default that of a bridge
 */
export const secretKeysOf = (document: unknown, field?: Field): SecretKey[] =>
  secretsOf(document, field).flatMap(({ secret }) => secret.valueFrom?.secretKeyRef ?? []);

/**
 * The Secret of all texts of the document; none when it has no text. The last good document refers to texts that the newest one may not
 * have any more: those are kept from the Secret as it is.
 */
export function documentSecret(pipeline: Pipeline): KubeObject[] {
  const { document, observed } = pipeline;
  const name = documentSecretName(document.metadata.name);
  const texts: Record<string, string> = {};
  for (const { path, secret } of secretsOf(document)) {
    const reference = secret.valueFrom?.secretKeyRef;
    if (secret.value !== undefined) texts[keyOf(path)] = secret.value;
    else if (reference?.name === name) texts[reference.key] = observed.secrets[name]?.[reference.key] ?? '';
  }
  return Object.keys(texts).length > 0 ? [secret(pipeline, 'bridge', name, texts)] : [];
}
