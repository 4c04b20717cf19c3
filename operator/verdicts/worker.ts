/** The thread that checks documents: see check-thread.ts. */
import { parentPort } from 'node:worker_threads';
import { parse } from 'yaml';
import { verdictOf } from '../reconcile/document.ts';
import type { KubeObject } from '../runtime/object.ts';
import { type CheckAnswer, type CheckRequest, unchecked } from './protocol.ts';

parentPort!.on('message', (request: CheckRequest) => parentPort!.postMessage(answer(request)));
parentPort!.postMessage('ready');

function answer({ resource, spec, settings }: CheckRequest): CheckAnswer {
  try {
    const own = JSON.parse(resource) as KubeObject;
    if (spec === undefined) return verdictOf(own, settings);
    const kept: unknown = parse(spec);
    return { ...verdictOf({ ...own, spec: kept }, settings), spec: JSON.stringify(kept) };
  } catch (error) {
    return unchecked((error as Error).message);
  }
}
