/** jq for a rule that is run by a bridge: the rule stops, and is tried again when the answer is there. */
import type { Undo } from '../undo.ts';
import { type AskJq, type JqAnswer, outputsOf, type RunJq } from './protocol.ts';

export const awaitedJq =
  (ask: AskJq, undo: Undo): RunJq =>
  (program, input, limitMs) => {
    const question = JSON.stringify([program, input]);
    const answer = undo.answer<JqAnswer | undefined>(question, () => ask({ program, input }, limitMs));
    return outputsOf(answer, limitMs);
  };
