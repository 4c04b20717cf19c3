import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { RetrySection } from '../schema/retry.ts';
import { durationMs } from '../units.ts';
import type { SemanticCheck } from './check.ts';

const delivery: Path = ['spec', 'delivery'];
const rulesPath: Path = ['spec', 'rules'];

/** Pauses of `delivery.retry`, and of `retry` of each sink. */
export const retryChecks: readonly SemanticCheck[] = [
  { reads: [delivery], check: ({ spec }) => checkRetry(spec.delivery.retry, [...delivery, 'retry']) },
  {
    reads: [rulesPath],
    check: ({ spec: { rules } }) =>
      rules.flatMap(({ sinks }, rule) =>
        sinks.flatMap((sink, at) =>
          (['kafka', 'mqtt'] as const).flatMap(kind =>
            checkRetry(sink[kind]?.retry, [...rulesPath, rule, 'sinks', at, kind, 'retry']),
          ),
        ),
      ),
  },
];

const checkRetry = (retry: RetrySection | undefined, path: Path): Finding[] => {
  if (retry?.backoff === undefined) return [];
  const { minDelay, maxDelay } = retry.backoff;
  if (durationMs(minDelay) <= durationMs(maxDelay)) return [];
  const reason = `\`minDelay\` (${minDelay}) is longer than \`maxDelay\` (${maxDelay}).`;
  return [finding([...path, 'backoff'], 'field-conflict', { reason }, { at: 'key' })];
};
