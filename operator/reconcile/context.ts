/** What reconciling needs of its surroundings. */
import type { Cluster } from '../observed/cluster.ts';
import type { Figures } from '../observed/pod-figures.ts';
import type { EventText } from '../runtime/events.ts';
import type { Log } from '../runtime/log.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { OperatorSettings } from '../settings.ts';
import type { Verdicts } from '../verdicts/verdicts.ts';
import type { Rechecks } from './rechecks.ts';
import type { Waiting } from './waiting.ts';

export interface Context {
  readonly cluster: Cluster;
  readonly settings: OperatorSettings;
  /** What is known of documents. */
  readonly verdicts: Pick<Verdicts, 'of' | 'kept' | 'forget'>;
  /** What the Pods of a bridge say, by its key. */
  readonly figures: (key: string) => Figures;
  /** The Pods of a bridge are to run the document of this number: they are asked more often for a while. */
  readonly expect: (key: string, hash: number) => void;
  readonly events: { record(regarding: KubeObject, event: EventText): void };
  readonly log: Log;
  /** Called with each object that somebody else had changed and that was set right. */
  readonly onCorrected: (kind: string) => void;
  /** Called for each object that somebody else had deleted and that was made again. */
  readonly onRestored: (kind: string) => void;
  readonly newPassword: () => string;
  readonly now: () => Date;
  readonly waiting: Waiting;
  readonly rechecks: Rechecks;
  /** How often a bridge is looked at although nothing has changed, milliseconds. */
  readonly resyncMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}
