/** What a session kit says of itself, where it can be read without its secrets. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { hashOf } from '../runtime/canonical.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { BufferVolume } from './buffer-volume.ts';
import { readTopics, type SessionIdentity } from './session-identity.ts';

/** In place of topics: too many to name. */
export const anyTopic = '*';

/** What stands in the annotation of a kit. */
export interface KitNote {
  /** Undefined while the bridge has no sessions that outlive it. */
  readonly identity?: SessionIdentity | undefined;
  /** Files beside the document, each the key of a Secret: the key in the kit and the path that `--secrets-dir` expects. */
  readonly files: Readonly<Record<string, string>>;
  /** Filters of older documents that the session may still have, and that the document names to be given up. */
  readonly oldFilters: readonly string[];
  /** A hash of the filters that the document subscribes to. */
  readonly filters: string;
  /** The consumer group of what goes from Kafka to MQTT, and the hashes of the topics that it reads. */
  readonly groupId: string;
  readonly topics: readonly string[] | typeof anyTopic;
  /** Where replicas keep a buffer on disk. */
  readonly volume?: BufferVolume | undefined;
  /** Of sessions that were left: those that are to be drained. */
  readonly left?: readonly number[];
  /** A hash of what it holds. */
  readonly content: string;
}

export const noteAnnotation = 'mqttkafka.dev/sessions';

/** The most replicas that a document may have. */
export const mostReplicas = 1000;

/**
 * The note of a kit; undefined for any other object, and for a note that somebody has spoilt. Whoever may write Secrets may write it, and each
 * number in it is a Job: one with a hundred thousand of them would take the memory of the operator.
 */
export function kitNote({ metadata }: KubeObject): KitNote | undefined {
  try {
    const note: unknown = JSON.parse(metadata.annotations?.[noteAnnotation] ?? '');
    return isNote(note) ? note : undefined;
  } catch {
    return undefined;
  }
}

function isNote(note: unknown): note is KitNote {
  if (!isMapping(note)) return false;
  const { identity, files, oldFilters, filters, groupId, topics, volume, left, content } = note;
  return (
    [filters, groupId, content].every(isText) &&
    isMapping(files) &&
    Object.values(files).every(isText) &&
    isTexts(oldFilters) &&
    (topics === anyTopic || isTexts(topics)) &&
    (identity === undefined ? left === undefined : isIdentity(identity)) &&
    (volume === undefined || isVolume(volume)) &&
    (left === undefined || isOrdinals(left))
  );
}

const isIdentity = (value: unknown): boolean =>
  isMapping(value) &&
  isTexts(value.broker) &&
  isText(value.clientId) &&
  [value.managed, value.share].every(each => each === undefined || isText(each));

const isVolume = (value: unknown): boolean =>
  isMapping(value) &&
  isText(value.path) &&
  typeof value.bytes === 'number' &&
  (value.storageClassName === undefined || isText(value.storageClassName));

const isOrdinals = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length <= mostReplicas &&
  value.every(each => Number.isInteger(each) && each >= 0 && each < mostReplicas);

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** More than these are not named in a note. */
const mostTopics = 1000;

/** The topics that a document reads as a note has them: one is small, whatever their names are. */
export function notedTopics(document: Pick<MqttKafkaBridge, 'spec'>): KitNote['topics'] {
  const topics = readTopics(document);
  return topics.length > mostTopics ? anyTopic : topics.map(topicHash);
}

export const topicHash = (topic: string): string => hashOf(topic).slice(0, 12);
