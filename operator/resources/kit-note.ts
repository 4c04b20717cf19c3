/** What a session kit says of itself, where it can be read without its secrets. */
import type { KubeObject } from '../runtime/object.ts';
import type { SessionIdentity } from './session-identity.ts';

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
  /** The consumer group of what goes from Kafka to MQTT, and the topics that it reads. */
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Of sessions that were left: those that are to be drained. */
  readonly left?: readonly number[];
  /** A hash of what it holds. */
  readonly content: string;
}

export const noteAnnotation = 'mqttkafka.dev/sessions';

/** The note of a kit; undefined for any other object, and for a note that somebody has spoilt. */
export function kitNote({ metadata }: KubeObject): KitNote | undefined {
  try {
    return JSON.parse(metadata.annotations?.[noteAnnotation] ?? '') as KitNote;
  } catch {
    return undefined;
  }
}
