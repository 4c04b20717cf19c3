/** What a run under a fault has shown, counted by its oracle. */
import { appendFileSync } from 'node:fs';
import type { Way } from './ways.ts';

export interface Proof {
  readonly way: Way;
  readonly fault: string;
  readonly systems: string;
  /** Those that were acknowledged to whoever sent them. */
  readonly messages: number;
  /** Of these, the ones that are neither where they should be, nor counted as dropped. */
  readonly lost: number;
  /** Dropped because the document says so, and counted. */
  readonly dropped: number;
  /** Further copies. */
  readonly duplicated: number;
}

/** The file that proofs are written to, a line each; undefined unless `npm run proof` runs. */
const file = process.env.MKB_PROOF;

/** Whether all that there is to prove is run, and not only what takes seconds. */
export const proving = file !== undefined || process.env.MKB_LONG === '1';

export function prove(proof: Proof): void {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(proof)}\n`);
}
