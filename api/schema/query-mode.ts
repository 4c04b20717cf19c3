/** `queryMode` of a sink, named as EMQX names it for its Kafka action (`query_mode`). */
import { choice, optional } from './fields.ts';

/** @param sync what it does in this kind of sink */
export const queryMode = (sync: string) =>
  optional(
    choice(
      ['async', 'sync'],
      `\`async\` sends on while what was sent is not acknowledged, for throughput. \`sync\` sends one after the other, for the lowest latency: ${sync} Default: as \`delivery.mode\`, async.`,
    ),
  );
