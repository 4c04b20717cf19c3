/**
 * The password of a user: read from the Secret that it names, or made up once. Plain texts are not kept: of each only the line that the broker
 * gets, for as long as the Secret has the same version.
 */
import { isUtf8 } from 'node:buffer';
import { MkbError } from '../../api/errors.ts';
import { kinds } from '../kinds.ts';
import type { Cluster } from '../observed/cluster.ts';
import { operatorName } from '../observed/observed-objects.ts';
import { isSecretOfBridge } from '../resources/names.ts';
import { applyObject } from '../runtime/apply.ts';
import type { KubeObject } from '../runtime/object.ts';
import { controllerOf, ownerReference } from '../runtime/owner.ts';
import type { Refusal } from './reasons.ts';
import { passwordSecretOf, type WatchedUser } from './watched-user.ts';

export interface Password {
  readonly text: string;
  /** Of the Secret. */
  readonly version: string;
}

/** The version of the Secret as the watch has it; undefined when it knows of none. */
export const seenVersion = (cluster: Cluster, user: WatchedUser): string | undefined =>
  cluster.of(kinds.secret).get({ namespace: user.metadata.namespace!, name: passwordSecretOf(user) })?.metadata
    .resourceVersion;

/** @throws what the client throws */
export async function passwordOf(
  cluster: Cluster,
  user: WatchedUser,
  newPassword: () => string,
  signal: AbortSignal,
): Promise<Password | Refusal> {
  const { namespace } = user.metadata;
  const name = passwordSecretOf(user);
  const found = await cluster.client.get(kinds.secret, { namespace: namespace!, name }, { signal });
  const { secretKeyRef } = user.spec.passwordFrom ?? {};
  if (secretKeyRef) return read(found, secretKeyRef.key);
  if (found && controllerOf(found)?.uid !== user.metadata.uid) return { reason: 'SecretTaken' };
  // The bridge would find it in its way.
  if (isSecretOfBridge(name, each => cluster.bridges.get({ namespace: namespace!, name: each }) !== undefined))
    return { reason: 'SecretTaken', detail: `The Secret ${name} is one that the operator makes for a bridge.` };
  const kept = found && read(found, passwordKey);
  if (kept && 'text' in kept && textOf(found, usernameKey) === user.username) return kept;
  return make(cluster, user, kept && 'text' in kept ? kept.text : newPassword(), found, signal).catch(refusedSecret);
}

const usernameKey = 'username';
const passwordKey = 'password';

/** What a quota or a policy refuses is the affair of that user, and keeps no other from the broker. */
function refusedSecret(error: unknown): Refusal {
  if (!MkbError.is(error, 'kube-forbidden') && !MkbError.is(error, 'kube-invalid')) throw error;
  return { reason: 'SecretRefused', detail: error.message };
}

function bytesOf(secret: KubeObject, key: string): Buffer | undefined {
  const value = (secret.data as Readonly<Record<string, string>> | undefined)?.[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64');
}

const textOf = (secret: KubeObject, key: string): string | undefined => bytesOf(secret, key)?.toString('utf8');

const longest = 1024;

function read(secret: KubeObject | undefined, key: string): Password | Refusal {
  const bytes = secret && bytesOf(secret, key);
  if (bytes === undefined) return { reason: 'PasswordNotFound' };
  // Other bytes would become a text that no device sends. One newline at the end is not part of it, as elsewhere.
  const text = isUtf8(bytes) ? bytes.toString('utf8').replace(/\r?\n$/, '') : '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (text === '' || Buffer.byteLength(text) > longest || /[\x00-\x1f\x7f]/.test(text))
    return { reason: 'PasswordInvalid' };
  return { text, version: secret!.metadata.resourceVersion! };
}

/** The Secret goes with its user. */
async function make(
  { client }: Cluster,
  { metadata, username, object }: WatchedUser,
  password: string,
  observed: KubeObject | undefined,
  signal: AbortSignal,
): Promise<Password> {
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  const wanted = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace!,
      labels: { 'app.kubernetes.io/name': 'mqtt-kafka-kit', 'app.kubernetes.io/managed-by': operatorName },
      // Without blockOwnerDeletion, which would ask for a right on finalizers.
      ownerReferences: [{ ...ownerReference(object), blockOwnerDeletion: false }],
    },
    type: 'Opaque',
    data: { [usernameKey]: encoded(username), [passwordKey]: encoded(password) },
  };
  const options = { fieldManager: operatorName, observed, onlyCreate: observed === undefined, signal };
  const applied = await applyObject(client, kinds.secret, wanted, options);
  return { text: password, version: applied.object.metadata.resourceVersion! };
}
