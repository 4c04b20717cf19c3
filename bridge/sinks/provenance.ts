/** Where the rows of a sink come from, for what is to name it. */
export interface Provenance {
  /** Who the bridge is to its brokers. */
  readonly bridge: string;
  readonly rule: string;
  /** What no other process of the bridge has. */
  readonly instance: string;
}

/** Of a writer that shows what it would write. */
export const offline: Provenance = { bridge: '', rule: '', instance: '0'.repeat(8) };
