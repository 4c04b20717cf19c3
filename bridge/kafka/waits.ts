/**
 * Which topics records wait for, since when and why. It is worked out when somebody asks: nothing is kept for it but what sending needs.
 *
 * Waiting is not being slow. A record waits when its partition has no leader, its leader cannot be reached or refuses it, or the topic is
 * absent; and when it was sent long ago and nobody answers.
 */
import { errorName } from '../../network/kafka/error-codes.ts';
import type { Lane } from './lane.ts';
import type { Link } from './link.ts';
import type { Topic } from './topic.ts';

export interface Wait {
  readonly topic: string;
  /** Records that are held for the topic. */
  readonly records: number;
  /** For how long the oldest of them has waited. */
  readonly seconds: number;
  readonly reason: string;
}

/** A leader that cannot be reached, with one of its topics. */
export interface UnreachableLeader {
  readonly address: string;
  readonly topic: string;
  readonly reason: string;
}

/** How long a failure may last that passes by itself, such as the election of a leader, milliseconds. */
const patienceMs = 2000;

export interface WaitsOptions {
  readonly now: number;
  readonly lingerMs: number;
  readonly broker: (nodeId: number) => Link | undefined;
}

/** The topics that records wait for, the one that has waited longest first. */
export function waitsOf(topics: Iterable<Topic>, options: WaitsOptions): Wait[] {
  const waits: Wait[] = [];
  for (const topic of topics) {
    const wait = waitOf(topic, options);
    if (wait) waits.push(wait);
  }
  return waits.sort((left, right) => right.seconds - left.seconds);
}

/** What a record waits for whose token `isOf` names: its topic and why that does not take it; undefined if none is held. */
export function waitOfRecord(
  topics: Iterable<Topic>,
  isOf: (token: number) => boolean,
  broker: WaitsOptions['broker'],
): string | undefined {
  for (const topic of topics) {
    if (topic.parked.some(({ token }) => isOf(token))) return `topic ${topic.name} (${parkedBecause(topic)})`;
    const lane = topic.lanes.find(each => each.holds(isOf));
    if (lane === undefined) continue;
    const reason = obstacle(topic, lane, broker) ?? (lane.sending ? noAnswer : 'it is not sent yet');
    return `topic ${topic.name} (${reason})`;
  }
  return undefined;
}

const noAnswer = 'there is no answer';

const parkedBecause = ({ absence, unmade }: Topic): string =>
  unmade ?? (absence === 0 ? 'its partitions are not known yet' : errorName(absence));

function waitOf(topic: Topic, { now, lingerMs, broker }: WaitsOptions): Wait | undefined {
  // A topic that is absent does not come back by an election.
  const before = topic.absence === 0 ? now - lingerMs - patienceMs : now;
  let records = topic.parked.length;
  let since = topic.parked[0]?.since ?? Number.POSITIVE_INFINITY;
  let reason = parkedBecause(topic);
  for (const lane of topic.lanes) {
    if (lane.empty) continue;
    records += lane.count;
    if (lane.oldest >= since || lane.oldest >= before) continue;
    const found = obstacle(topic, lane, broker) ?? (lane.sending ? noAnswer : undefined);
    if (found === undefined) continue;
    since = lane.oldest;
    reason = found;
  }
  return since < before ? { topic: topic.name, records, seconds: (now - since) / 1000, reason } : undefined;
}

/** Why a lane cannot go on now, as far as anybody said so; undefined if nothing is known against it. */
export function obstacle(topic: Topic, lane: Lane, broker: (nodeId: number) => Link | undefined): string | undefined {
  if (topic.absence !== 0) return errorName(topic.absence);
  if (lane.leader < 0) return `partition ${lane.partition} has no leader`;
  const link = broker(lane.leader);
  if (link === undefined) return `broker ${lane.leader}, which leads partition ${lane.partition}, is not known`;
  if (link.connection === undefined && link.lastError) return link.lastError.message.replace(/\.$/, '');
  return lane.trouble;
}
