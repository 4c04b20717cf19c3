/** The world around rules as it is: clock, randomness, environment, and what this process remembers. Tests bring their own. */
import { randomUUID } from 'node:crypto';
import { defaultCostLimits } from './cost-limits.ts';
import { runJq } from './jq/jq.ts';
import { Memory } from './memory.ts';
import { noSchemas } from './schemas/schemas.ts';
import type { Ambient } from './scope.ts';
import { defaultStateLimits } from './state-limits.ts';
import { noTables } from './tables/tables.ts';

export const systemAmbient: Ambient = {
  now: Date.now,
  uuid: randomUUID,
  random: Math.random,
  zoneOffset: time => -new Date(time).getTimezoneOffset(),
  environment: name => process.env[name],
  // One for the process, because the store of EMQX is one for all rules of a node.
  memory: new Memory(),
  schemas: noSchemas,
  tables: noTables,
  limits: defaultStateLimits,
  costs: defaultCostLimits,
  jq: runJq,
};
