/** Which rules of the next document are those of the present one: they go on as they are, with their windows, their memory and their counts. */
import { isDeepStrictEqual } from 'node:util';
import type { BridgeSpec } from '../../api/bridge.ts';
import { retryOf } from '../../network/retry.ts';
import type { RuleDocument } from '../../rules/rule-document.ts';

/** What a rule does, with what it inherits; without what only people and `mkb test` read. */
function meaningOf({ description: _description, tests: _tests, ...rule }: RuleDocument, { delivery }: BridgeSpec) {
  const retries = rule.sinks.map(({ kafka, mqtt }) => retryOf(delivery.retry, (kafka ?? mqtt)!.retry));
  return { rule, retries };
}

/** Whether the rule of one document does the same as that of another. */
export const isSameRule = (rule: RuleDocument, of: BridgeSpec, other: RuleDocument, ofOther: BridgeSpec): boolean =>
  isDeepStrictEqual(meaningOf(rule, of), meaningOf(other, ofOther));
