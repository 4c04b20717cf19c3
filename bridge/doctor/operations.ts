/** What Kafka says a user may do with a topic or a group: a bit for each operation (KIP-430). */

/** By the numbers of the protocol (AclOperation). */
export const operation = { read: 3, write: 4 } as const;

/** Kafka was not asked, or does not say. */
const unknown = -2_147_483_648;

/** Whether it may. What is not known is not held against it. */
export const allows = (operations: number | undefined, which: number): boolean =>
  operations === undefined || operations === unknown || (operations & (1 << which)) !== 0;
