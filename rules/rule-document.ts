/** A rule and a sink as a document has them. */
import type { BridgeSpec } from '../api/bridge.ts';

export type RuleDocument = BridgeSpec['rules'][number];
export type SinkDocument = RuleDocument['sinks'][number];
