/**
 * murmur2 as Kafka's Java client computes it, so that a key lands in the same partition whichever client wrote it.
 *
 * @param data holds the key's bytes in `[start, end)`
 * @returns a signed 32-bit hash (org.apache.kafka.common.utils.Utils.murmur2)
 */
export function murmur2(data: Buffer, start = 0, end = data.length): number {
  const m = 0x5bd1e995;
  const length = end - start;
  let h = 0x9747b28c ^ length;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    let k = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = end - at;
  if (rest > 2) h ^= data[at + 2]! << 16;
  if (rest > 1) h ^= data[at + 1]! << 8;
  if (rest > 0) h = Math.imul(h ^ data[at]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** The partition of a key, 0 to `partitions - 1`: Java's `toPositive(murmur2(key)) % partitions`. */
export function partitionOfKey(data: Buffer, start: number, end: number, partitions: number): number {
  return (murmur2(data, start, end) & 0x7fffffff) % partitions;
}
