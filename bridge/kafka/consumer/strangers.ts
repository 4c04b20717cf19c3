/**
 * Who else is in our consumer group, and should not be: another bridge of the same name, the same bridge started twice, another program. Kafka
 * deals the partitions out among all of them, so each gets a part of the records, and nobody an error.
 *
 * Members say who they are in the user data of their subscription, which the coordinator keeps and gives to anyone who asks. Replicas of one
 * bridge have its name and an ordinal each. A member that died is no member any more by the time that a group is made up.
 */
import { Reader } from '@platformatic/kafka';

/** What a bridge says of itself. */
export interface MemberFacts {
  readonly bridge: string;
  readonly ordinal: number;
  /** Where it runs. */
  readonly host: string;
  /** Of the process: made up at its start. */
  readonly instance: string;
}

export interface GroupMember {
  readonly memberId: string;
  /** Of a static member. */
  readonly groupInstanceId?: string | null | undefined;
  readonly clientId: string;
  readonly clientHost: string;
  /** Its subscription. */
  readonly memberMetadata: Buffer;
  readonly memberAssignment: Buffer;
}

/**
 * What of a subscription is behind its topics.
 *
 * @param made topics that were made while this member looked
 * @param turn makes it another one although nothing is new; 0 for the first
 */
export const encodeFacts = (facts: MemberFacts, made: readonly string[] = [], turn = 0): Buffer =>
  Buffer.from(
    JSON.stringify({ ...facts, made: made.length === 0 ? undefined : made, turn: turn === 0 ? undefined : turn }),
  );

/** Those members that are no replicas of this bridge, in words. A replica of an older version says nothing, and has our client id. */
export function strangersIn(members: readonly GroupMember[], own: MemberFacts, clientId: string): string[] {
  return members.flatMap(member => {
    const facts = factsOf(member.memberMetadata);
    if (facts === undefined) return member.clientId === clientId ? [] : [shownMember(member)];
    const isReplica = facts.bridge === own.bridge && facts.ordinal !== own.ordinal;
    if (facts.instance === own.instance || isReplica) return [];
    return [shownMember(member)];
  });
}

/** A member in words. */
export function shownMember({ memberMetadata, clientId, clientHost }: GroupMember): string {
  const facts = factsOf(memberMetadata);
  if (facts === undefined) return `client ${cut(clientId)} at ${cut(clientHost)}`;
  return `bridge ${cut(facts.bridge)}, replica ${facts.ordinal}, on host ${cut(facts.host)}`;
}

/** What a member says of itself; undefined for one that is no bridge. */
export function factsOf(subscription: Buffer): MemberFacts | undefined {
  try {
    const reader = Reader.from(subscription);
    reader.readInt16();
    reader.readArray(topic => topic.readString(false), false, false);
    const facts = JSON.parse(String(reader.readNullableBytes(false) ?? '')) as Partial<MemberFacts> | null;
    const { bridge, ordinal, host, instance } = facts ?? {};
    if (typeof bridge !== 'string' || typeof ordinal !== 'number' || typeof instance !== 'string') return undefined;
    return { bridge, ordinal, instance, host: String(host) };
  } catch {
    return undefined;
  }
}

const cut = (text: string): string => text.slice(0, 100);
