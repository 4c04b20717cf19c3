/**
 * What one call with a lambda may cost, those within it included: a payload of 100,000 elements in a lambda in a lambda would keep everything
 * else waiting for an hour.
 *
 * Rules are worked out one after the other, so one count serves all.
 */
import { Refusal } from './refusal.ts';

/** How often lambdas may be called, and how long that may take. */
export const mostCalls = 1_000_000;
const longestMs = 1000;

let depth = 0;
let calls = 0;
let start = 0;

/** Runs a call of a function that calls lambdas. */
export const withinEffort = <T>(work: () => T): T => {
  if (depth === 0) {
    calls = 0;
    start = performance.now();
  }
  depth += 1;
  try {
    return work();
  } finally {
    depth -= 1;
  }
};

/** Called before each call of a lambda. Throws Refusal when it is one too many. */
export const spend = (): void => {
  calls += 1;
  if (calls > mostCalls) throw new Refusal(`lambdas would be called more than ${mostCalls} times`);
  if (performance.now() - start > longestMs) throw new Refusal(`lambdas took longer than ${longestMs} ms`);
};
