/** In the place of a consumer group, for what only looks: it has no offsets, and keeps none. */
import type { TopicPartition } from './group-protocol.ts';

export const noGroup = {
  committed: async (partitions: readonly TopicPartition[]) =>
    partitions.map(each => ({ ...each, offset: undefined, topicId: undefined, metadata: '', error: undefined })),
  commit: async () => false,
};
