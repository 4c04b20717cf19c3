/** Rules that the shape of a document cannot express: what belongs together, and what excludes each other. */
import type { MqttKafkaBridge } from '../bridge.ts';
import type { Finding } from '../findings.ts';
import type { Path } from '../problems.ts';

export interface SemanticCheck {
  /** The parts that `check` looks at. It runs when they have the right shape, whatever is wrong elsewhere. */
  readonly reads: readonly Path[];
  check(document: MqttKafkaBridge): readonly Finding[];
}
