/** What somebody who installs the operator sets: the same for every bridge. */
import type { TrustedKind } from '../api/schema/overridable.ts';
import type { Defaults } from './defaults-schema.ts';

/** The images of everything that it runs, as `repository:tag` or `repository@digest`. */
export interface Images {
  readonly bridge: string;
  readonly exporter: string;
  readonly emqx: string;
  readonly mosquitto: string;
  readonly prometheus: string;
  readonly grafana: string;
}

export interface OperatorSettings {
  readonly images: Images;
  /** What documents may leave out. */
  readonly defaults: Defaults;
  /**
   * What a new version of the operator does to bridges that run: `keep` leaves each image as it was first chosen, `follow` rolls them to
   * the images above. A bridge chooses for itself with the annotation `mqttkafka.dev/image-updates`.
   */
  readonly imageUpdates: 'keep' | 'follow';
  /** Kinds of which documents may override what reaches beyond their namespace. */
  readonly trustedOverrides: readonly TrustedKind[];
  /** How many replicas a bridge has whose document does not say. */
  readonly replicas: number;
}
