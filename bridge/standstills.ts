/** What keeps records from Kafka, in words: for /readyz and the log. */
import { MkbError } from '../api/errors.ts';
import type { Producer } from './kafka/producer.ts';

/** Something that records wait for. */
export interface Standstill {
  /** The same for the same obstacle, however long it lasts. */
  readonly key: string;
  readonly error: MkbError;
  /** What to say when it is over. */
  readonly over: string;
}

/** How many are told of one by one: a broker that is down may hold up the topics of a thousand devices. */
export const toldApart = 10;

/** Leaders that cannot be reached, and topics that records wait for, the one that has waited longest first. */
export function standstillsOf({ unreachable, waits }: Pick<Producer, 'unreachable' | 'waits'>): Standstill[] {
  return [
    ...unreachable.map(leader => ({
      key: `leader ${leader.address}`,
      error: new MkbError('kafka-leader-unreachable', leader),
      over: `Kafka at ${leader.address} is reached again.`,
    })),
    ...waits.map(({ topic, records, seconds, reason }) => ({
      key: `topic ${topic}`,
      error: new MkbError('kafka-topic-waits', { topic, records, seconds: Math.floor(seconds), reason }),
      over: `Nothing waits for topic ${topic} any more.`,
    })),
  ];
}

/** No broker of Kafka is connected. @param address where it was looked for */
export const kafkaAway = (address: string): Standstill => ({
  key: 'kafka',
  error: new MkbError('kafka-unreachable', { address, reason: 'no broker is connected' }),
  over: 'Kafka is connected again.',
});

/** The same as reasons not to be ready. @param heldBack acknowledgements that wait for those of messages before them */
export function unreadiness(standstills: readonly Standstill[], heldBack: number): string[] {
  const reasons = standstills.slice(0, toldApart).map(({ error }) => `${error.message} ${error.remedy}`);
  if (standstills.length > toldApart) reasons.push(`and ${standstills.length - toldApart} more of these`);
  if (standstills.length > 0 && heldBack > 0)
    reasons.push(`${heldBack} acknowledgements are held back: they leave in the order in which their messages came`);
  return reasons;
}
