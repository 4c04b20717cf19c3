/**
 * `mqtt-kafka-kit/testing`: the tests of rules that stand in documents and test files (docs/testing-rules.md), run from a test runner of your
 * choice: what `mkb test` does.
 *
 *     import { runSuites } from 'mqtt-kafka-kit/testing';
 *     const { results, problems } = await runSuites(['bridges/']);
 */
export type { CoveredRule, Result } from '../cli/test-report.ts';
export { runSuites, type SuiteResults } from '../cli/test-suites.ts';
