/**
 * The end of a server whose clients can go to another one. They are let go bit by bit: if all came there in the same instant, it would have to refuse
 * most of them. Each is served until its turn; then nothing more is taken of it, what it has sent is acknowledged, and it is disconnected.
 */
import { setTimeout } from 'node:timers/promises';

export interface Parting {
  /** Set when its turn has come: no message is taken of it from then on. */
  leaving: boolean;
  /** Messages of it that are on their way. */
  readonly unsettled: number;
  readonly over: boolean;
}

export interface Pace<C> {
  /** How many clients a second. It is exceeded where the time would not do. */
  readonly perSecond: number;
  /** How long it may take in all. Those that still wait for something then are left as they are. */
  readonly limitMs: number;
  end(client: C): void;
  /** Milliseconds, monotonic; and what waits for some to pass. */
  readonly now?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
}

const stepMs = 20;
/** The part of the time in which every turn comes: the rest is for what is on its way. */
const turns = 0.8;

/** Resolves when all are over, or the time is. */
export async function partFrom<C extends Parting>(
  clients: readonly C[],
  { perSecond, limitMs, end, now = () => performance.now(), pause = setTimeout }: Pace<C>,
): Promise<void> {
  const began = now();
  const perMs = Math.max(perSecond / 1000, clients.length / (limitMs * turns));
  const finishing = new Set<C>();
  for (let next = 0; ; ) {
    const elapsedMs = now() - began;
    const due = Math.min(clients.length, Math.ceil((elapsedMs + stepMs) * perMs));
    for (const client of clients.slice(next, due)) finishing.add(client);
    next = due;
    letGo(finishing, end);
    if (elapsedMs >= limitMs || (next === clients.length && finishing.size === 0)) return;
    await pause(stepMs);
  }
}

function letGo<C extends Parting>(finishing: Set<C>, end: (client: C) => void): void {
  for (const client of finishing) {
    client.leaving = true;
    if (client.unsettled === 0 && !client.over) end(client);
    if (client.over) finishing.delete(client);
  }
}
