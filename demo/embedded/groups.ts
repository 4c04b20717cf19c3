import { Group } from './group.ts';

/** What a group committed for one partition. */
export interface CommittedOffset {
  /** The next offset to read. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

/** A committed offset and where it belongs. */
export interface Commit extends CommittedOffset {
  readonly topic: string;
  readonly partition: number;
}

/** All groups, and the offsets they committed. Offsets stay until their topic is deleted. */
export class Groups {
  readonly #groups = new Map<string, Group>();
  /** By group, topic and partition. */
  readonly #offsets = new Map<string, Map<string, Map<number, CommittedOffset>>>();

  get all(): readonly Group[] {
    return [...this.#groups.values()];
  }

  get(id: string): Group | undefined {
    return this.#groups.get(id);
  }

  /** The group of this id, made if there is none. */
  open(id: string): Group {
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = new Group(id);
      this.#groups.set(id, group);
    }
    return group;
  }

  commit(groupId: string, { topic, partition, ...committed }: Commit): void {
    const topics = this.#offsets.get(groupId) ?? new Map<string, Map<number, CommittedOffset>>();
    const partitions = topics.get(topic) ?? new Map<number, CommittedOffset>();
    this.#offsets.set(groupId, topics.set(topic, partitions.set(partition, committed)));
  }

  committed(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#offsets.get(groupId)?.get(topic)?.get(partition);
  }

  /** Everything a group has committed. */
  allCommitted(groupId: string): Commit[] {
    const topics = [...(this.#offsets.get(groupId) ?? [])];
    return topics.flatMap(([topic, partitions]) =>
      [...partitions].map(([partition, committed]) => ({ topic, partition, ...committed })),
    );
  }

  forgetTopic(topic: string): void {
    for (const topics of this.#offsets.values()) topics.delete(topic);
  }

  close(): void {
    for (const group of this.#groups.values()) group.close();
  }
}
