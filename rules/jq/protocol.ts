/** What the thread of a rule and a thread of jq send each other, and what both sides make of it. */
import { jsonOrUndefined } from '../json.ts';
import { Refusal } from '../refusal.ts';
import type { Value } from '../value.ts';

export interface JqSetup {
  /** Its first element counts answers, so that the asking thread can wait for it to change. */
  readonly signal: Int32Array<SharedArrayBuffer>;
}

export interface JqRequest {
  readonly program: string;
  /** JSON text. */
  readonly input: string;
}

export type JqAnswer =
  /** JSON texts, one a line. */
  | { readonly outputs: string; readonly error?: never; readonly broken?: never }
  /** What jq says of a program or an input that it cannot work with; `broken` when jq itself fell over, and must not be used again. */
  | { readonly error: string; readonly broken?: boolean; readonly outputs?: never };

/** Runs a program on JSON text for so many milliseconds at most, and gives its outputs in order. Throws Refusal. */
export type RunJq = (program: string, input: string, limitMs: number) => Value[];

/** The same without waiting in place. An answer that is undefined did not come in time. Never rejects. */
export type AskJq = (request: JqRequest, limitMs: number) => Promise<JqAnswer | undefined>;

/** How long a thread may take to start, besides the program's own time, milliseconds. */
export const startMs = 10_000;

/** The outputs as values. Throws Refusal for a program or an input that jq refuses, for `error`, and when the time is up. */
export const outputsOf = (answer: JqAnswer | undefined, limitMs: number): Value[] => {
  if (answer === undefined) throw new Refusal(`the jq program did not end within ${limitMs} ms`);
  if (answer.error !== undefined) throw new Refusal(`jq refuses: ${firstLines(answer.error)}`);
  return answer.outputs === '' ? [] : answer.outputs.trimEnd().split('\n').map(jsonOrUndefined);
};

const firstLines = (text: string): string =>
  text
    .replace(/^jq: (?:error: ?)?/, '')
    .slice(0, 200)
    .trim();
