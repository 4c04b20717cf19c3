/**
 * What a drain needs, in one Secret: the document that the bridge runs from and each secret that it names.
 *
 * The sessions of a bridge may outlive everything that the bridge was made of. `kubectl delete --cascade=foreground`, which is what Argo CD
 * does, deletes its ConfigMap and its Secrets before our finalizer can do anything, and a pruning sync deletes those of people as well. So the
 * kit belongs to nobody: it is made before the first Pod, and removed when the sessions are drained. Whatever else a drain needs (its account,
 * a broker of the bridge's own) has the kit as a second owner, and the garbage collector leaves what has another owner.
 * https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 *
 * A document that moves the sessions elsewhere leaves the old kit behind under a name of its own, until they are drained.
 */
import { stringify } from 'yaml';
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { minimalDocument } from '../../api/minimal.ts';
import { hashOf } from '../runtime/canonical.ts';
import type { KubeObject, OwnerReference } from '../runtime/object.ts';
import { documentKeys, keptSpec } from './bridge-document.ts';
import { bufferVolume } from './buffer-volume.ts';
import type { Inherited } from './customized.ts';
import type { SecretKey } from './document-secrets.ts';
import { type KitNote, noteAnnotation, notedTopics } from './kit-note.ts';
import { labels } from './labels.ts';
import { kitName } from './names.ts';
import { type SessionIdentity, subscribedFilters } from './session-identity.ts';

/** At most 56 characters long: names of its Jobs are made of it. */
export const leftKitName = (name: string, identity: SessionIdentity): string =>
  `${kitName(name)}-${Buffer.from(hashOf(identity), 'base64url').toString('hex').slice(0, 6)}`;

/** How those that a drain needs name the kit as an owner: it must not hold up the kit's own end. */
export const kitOwner = ({ metadata }: KubeObject): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'Secret',
  name: metadata.name,
  uid: metadata.uid!,
});

export interface KitContent {
  /** What the bridge runs from, complete. */
  readonly running: MqttKafkaBridge;
  /** As a person wrote it. */
  readonly document: MqttKafkaBridge;
  readonly identity: SessionIdentity | undefined;
  readonly oldFilters: readonly string[];
  /** Each secret that the document names. */
  readonly secrets: readonly SecretKey[];
  /** Labels and annotations that every bridge has; undefined for none. */
  readonly defaults?: Inherited | undefined;
  /** What of the secrets shows that one has changed. */
  readonly inputs: unknown;
}

/** See `KitNote.files`. */
export function kitFiles(secrets: readonly SecretKey[]): KitNote['files'] {
  const paths = [...new Set(secrets.map(({ name, key }) => `${name}/${key}`))].sort();
  return Object.fromEntries(paths.map((path, index) => [`secret-${index}`, path]));
}

/** The kit without the secrets: what can be compared with the one that is there. */
export function kitNoteOf({ running, document, identity, oldFilters, secrets, inputs, defaults }: KitContent): KitNote {
  const files = kitFiles(secrets);
  const content = hashOf([running, keptSpec(document), files, inputs, ...(defaults ? [defaults] : [])]);
  const { groupId } = document.spec.kafka.consumer;
  const filters = hashOf(subscribedFilters(document));
  const volume = bufferVolume(document);
  const topics = notedTopics(document);
  return { identity, files, oldFilters, filters, groupId, topics, ...(volume && { volume }), content };
}

/** @param secret what is in a key of a Secret, in base64 */
export function sessionKit(content: KitContent, secret: (key: SecretKey) => string): KubeObject {
  const note = kitNoteOf(content);
  const { metadata } = content.document;
  const text = (value: string) => Buffer.from(value).toString('base64');
  const secrets = Object.entries(note.files).map(([file, path]) => {
    const [name = '', key = ''] = path.split('/');
    return [file, secret({ name, key })];
  });
  return kitObject(metadata, kitName(metadata.name), note, {
    [documentKeys.runs]: text(stringify(minimalDocument(content.running))),
    [documentKeys.spec]: text(stringify(keptSpec(content.document))),
    ...Object.fromEntries(secrets),
  });
}

/** @param data in base64 */
export const kitObject = (
  { name: bridge, namespace }: { readonly name: string; readonly namespace?: string | undefined },
  name: string,
  note: KitNote,
  data: Readonly<Record<string, string>>,
  owner?: OwnerReference,
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name,
    ...(namespace !== undefined && { namespace }),
    labels: labels(bridge, 'drain'),
    annotations: { [noteAnnotation]: JSON.stringify(note) },
    ...(owner && { ownerReferences: [owner] }),
  },
  type: 'Opaque',
  data,
});
