/** What the thread of a rule and the thread of jq tell each other. */

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
  | { readonly outputs: string; readonly error?: never }
  /** What jq says of a program or an input that it cannot work with; `broken` when jq itself fell over, and must not be used again. */
  | { readonly error: string; readonly broken?: boolean; readonly outputs?: never };
