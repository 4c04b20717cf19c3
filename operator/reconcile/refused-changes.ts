/**
 * Changes that cannot be carried out without a loss, whatever the order of things. The document is refused with the way to do it, and the last
 * good one goes on.
 *
 * A person who knows better says so with an annotation, in which the fields are named.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { MkbError } from '../../api/errors.ts';
import type { Cluster } from '../observed/cluster.ts';
import { type BufferVolume, bufferVolume } from '../resources/buffer-volume.ts';
import { anyTopic, type KitNote, kitNote, topicHash } from '../resources/kit-note.ts';
import { annotations } from '../resources/labels.ts';
import {
  isSameSession,
  mayBeSameBroker,
  readTopics,
  type SessionIdentity,
  sessionIdentity,
} from '../resources/session-identity.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { DocumentProblem } from './document.ts';
import { identified } from './identity.ts';
import { kitsOf } from './session-kits.ts';

/** What of a valid document what runs cannot become without a loss, as far as the watches know it. */
export function refusedNow(cluster: Cluster, resource: KubeObject, document: MqttKafkaBridge): DocumentProblem[] {
  const { kit, left } = kitsOf(cluster, resource);
  const notes = [...(kit ? [kitNote(kit)!] : []), ...left.map(({ note }) => note)];
  return refusedChanges(notes, document);
}

/**
 * The same for the webhook, which others than the API server may ask: nobody learns what runs who cannot name the uid of its bridge, as each change
 * of the API server does. Of a bridge that is not known nothing is refused here; reconciling says it.
 */
export function refusedAtApply(
  cluster: Cluster,
  resource: KubeObject,
  complete: (resource: KubeObject) => MqttKafkaBridge,
): DocumentProblem[] {
  const { uid } = resource.metadata;
  if (uid === undefined || cluster.bridges.get(resource.metadata)?.metadata.uid !== uid) return [];
  const known = identified({ cluster }, resource);
  return refusedNow(cluster, known, complete(known));
}

/** @param notes of the sessions that there are: those of the bridge as it runs first, then those that it left */
export function refusedChanges([current, ...left]: readonly KitNote[], document: MqttKafkaBridge): DocumentProblem[] {
  if (current === undefined) return [];
  const accepted = new Set((document.metadata.annotations?.[annotations.acceptChanges] ?? '').split(/[\s,]+/));
  const problems = [
    ...(current.identity ? movedSessions(current.identity, document) : []),
    ...movedGroup(current, document),
    ...(current.volume ? otherVolume(current.volume, document) : []),
  ].filter(({ field }) => !accepted.has(field));
  const tooMany = current.identity && left.length >= mostLeft ? leftBehind(current.identity, left, document) : [];
  // Of those that are being drained nobody can say that they are the bridge's own.
  const waiting = left.flatMap(({ identity }) => movedSessions(identity!, document));
  return [...problems, ...waiting, ...tooMany].map(({ field, error }) => ({
    code: error.code,
    inRules: false,
    message: `spec.${field}: ${error.message} ${error.remedy}`,
  }));
}

/** How many older documents may have left sessions: each is a Secret, and a Job for each session, of somebody who changes the client id all the time. */
const mostLeft = 10;

/** One that leaves its sessions behind as well; but not one that takes older ones up again. */
function leftBehind(old: SessionIdentity, left: readonly KitNote[], document: MqttKafkaBridge): Refused[] {
  const now = sessionIdentity(document);
  const goesOn =
    now && (isSameSession(old, now) || left.some(({ identity }) => identity && isSameSession(identity, now)));
  if (goesOn) return [];
  const details = { count: left.length, clientId: old.clientId };
  return [{ field: 'mqtt', error: new MkbError('sessions-left-too-many', details) }];
}

interface Refused {
  readonly field: string;
  readonly error: MkbError;
}

function movedSessions(old: SessionIdentity, document: MqttKafkaBridge): Refused[] {
  const now = sessionIdentity(document);
  if (now === undefined) return [];
  const { clientId } = now;
  if (mayBeSameBroker(old, now)) {
    const { brokerRef, urls } = document.spec.mqtt;
    const field = brokerRef ? 'mqtt.brokerRef' : urls ? 'mqtt.urls' : 'mqtt.url';
    const details = { from: old.broker.join(', '), to: now.broker.join(', '), clientId };
    return [{ field, error: new MkbError('session-address-changed', details) }];
  }
  if (!isSameSession(old, now) || old.share === now.share) return [];
  return [
    {
      field: 'mqtt.share',
      error: new MkbError('session-group-changed', { from: old.share!, to: now.share!, clientId }),
    },
  ];
}

/** A new group starts at the end: what was written before it joined, and after the old one stopped, would be read by nobody. */
function movedGroup({ groupId, topics }: KitNote, { spec }: MqttKafkaBridge): Refused[] {
  const { consumer } = spec.kafka;
  if (consumer.groupId === groupId || consumer.offsetReset !== 'latest') return [];
  const goesOn = readTopics({ spec }).filter(topic => topics === anyTopic || topics.includes(topicHash(topic)));
  if (goesOn.length === 0) return [];
  const details = { from: groupId, to: consumer.groupId, topics: goesOn.join(', ') };
  return [{ field: 'kafka.consumer.groupId', error: new MkbError('consumer-group-changed', details) }];
}

/** What waits on the volumes was acknowledged, and nobody would come for it; and of a StatefulSet's claims only the size can change, by growing. */
function otherVolume(old: BufferVolume, document: MqttKafkaBridge): Refused[] {
  const now = bufferVolume(document);
  const { name } = document.metadata;
  if (now === undefined)
    return [{ field: 'delivery.buffer.mode', error: new MkbError('buffer-volume-given-up', { bridge: name }) }];
  const refused = (what: string) => new MkbError('buffer-volume-changed', { what, bridge: name });
  if (now.storageClassName !== old.storageClassName)
    return [{ field: 'bridge.storageClassName', error: refused('have another StorageClass') }];
  return now.bytes < old.bytes ? [{ field: 'bridge.storage', error: refused(`shrink from ${old.bytes} bytes`) }] : [];
}
