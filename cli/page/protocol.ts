/** What is said between the page's server and the thread that works trials out. */
import type { BridgeSpec } from '../../api/bridge.ts';
import type { Trial } from '../../bridge/page/evaluation.ts';
import type { CopiedTables } from '../../rules/tables/tables.ts';

export interface TrialRequest {
  readonly trial: Trial;
  readonly bridge: string;
  readonly schemas: BridgeSpec['schemas'];
  readonly tables: CopiedTables;
  /** Whether the bridge knows who published a message. */
  readonly knowsPublisher: boolean;
  /** The rule whose sinks write. */
  readonly rule: BridgeSpec['rules'][number] | undefined;
}

export interface TrialAnswer {
  /** Rows, each as JSON. */
  readonly rows?: readonly string[];
  /** What sinks write, each as text. */
  readonly records?: readonly string[];
  /** How many rows or records are left out. */
  readonly more?: number;
  /** Why there is no row. */
  readonly why?: string;
  /** What `mkb validate` would warn of. */
  readonly doubts?: readonly { readonly reason: string; readonly place: Place }[];
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string; readonly place?: Place };
}

/** In the SQL: line and column from 1, offset in UTF-16 units from 0. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}
