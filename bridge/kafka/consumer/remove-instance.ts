/** Takes a static member out of its group that does not come back, so that its partitions need not wait for the session timeout (KIP-345). */
import { Cluster } from '../cluster.ts';
import { Coordinator } from './coordinator.ts';
import { GroupCalls } from './group-calls.ts';
import type { ConsumerOptions } from './options.ts';

/** Does nothing for one that is no member. Throws why Kafka cannot be asked. */
export async function removeInstance(options: ConsumerOptions): Promise<void> {
  const ignore = () => undefined;
  const cluster = new Cluster(options.cluster, { linkChanged: ignore, metadataRead: ignore, problem: ignore });
  const calls = new GroupCalls(options, new Coordinator(options, cluster));
  try {
    await cluster.connect();
    await calls.leave();
  } finally {
    calls.close();
    cluster.close();
  }
}
