/** What the operator and the thread that checks documents say to each other. Texts and not objects: they are copied fast, and parsed over there. */
import { MkbError } from '../../api/errors.ts';
import type { CheckSettings, Verdict } from '../reconcile/document.ts';

export interface CheckRequest {
  /** The resource, as JSON. */
  readonly resource: string;
  /** A `spec` in YAML to take in place of the resource's. */
  readonly spec?: string;
  readonly settings: CheckSettings;
}

export interface CheckAnswer extends Verdict {
  /** The `spec` in YAML, as JSON. */
  readonly spec?: string;
}

/** An answer that is one problem. */
export const problem = ({ code, message }: MkbError): CheckAnswer => ({
  problems: [{ code, inRules: false, message }],
  warnings: [],
});

/** Of a document of which nobody knows whether it is right. */
export const unchecked = (reason: string): CheckAnswer => problem(new MkbError('document-unchecked', { reason }));
