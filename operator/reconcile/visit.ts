/** One look at one bridge, and what it has found and done so far. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import type { MkbError } from '../../api/errors.ts';
import type { Observed } from '../resources/pipeline.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Deed } from './apply-all.ts';
import type { Context } from './context.ts';
import type { CheckedResource } from './document.ts';

export interface Visit {
  readonly context: Context;
  /** As it was observed. */
  readonly stored: KubeObject;
  /** The same with its identity, and with the version that our own writes to it made. */
  resource: KubeObject;
  readonly checked: CheckedResource;
  /** The newest document if it is valid, else the last good one; null when there is none. */
  readonly document: MqttKafkaBridge | null;
  /** What workloads cannot start without, and which workload. */
  missing: readonly { readonly workload: KubeObject; readonly text: string }[];
  unserved: readonly string[];
  monitoringFailure?: MkbError;
  /** Undefined until it has been looked up. */
  observed?: Observed;
  /** The number of the document that is to run; undefined until what it is made of has been looked up. */
  wanted?: number;
  readonly deeds: Deed[];
  /** Whether it is to be looked at again at once: what was done here is reported by no watch of its own objects. */
  soon?: boolean;
  readonly signal: AbortSignal;
}

/** The watch may not have reported yet what we have just done. */
export function newest(observed: readonly KubeObject[], applied: readonly KubeObject[]): KubeObject[] {
  const idOf = ({ kind, metadata }: KubeObject) => `${kind}/${metadata.name}`;
  return [...new Map([...observed, ...applied].map(object => [idOf(object), object])).values()];
}
