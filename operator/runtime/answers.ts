/** What the API server answers, and what others answer in its place. */
import { MkbError } from '../../api/errors.ts';
import type { KubeObject } from './object.ts';

export function parse(text: string, action: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notAsExpected(action, 'no JSON', text, error);
  }
}

/** What a login page or a gateway answers in the server's place, as if all were well. */
export function notAsExpected(action: string, what: string, text: string, cause?: unknown): MkbError {
  const reason = `its answer is ${what} (${JSON.stringify(text.slice(0, 80))})`;
  return new MkbError('kube-failed', { action, status: 200, reason }, { cause });
}

interface KubeList {
  readonly items?: readonly KubeObject[] | null;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

export const isList = (answer: unknown): answer is KubeList =>
  typeof (answer as KubeList | null)?.metadata?.resourceVersion === 'string';

/** What a refusal says; proxies before the server speak plain text or HTML. */
export function statusOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text.slice(0, 200) };
  }
}
