/** What the sessions of a managed EMQX are worth in the version that it runs. Its StatefulSet says it: images and `podTemplate` come together there. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { losesDurableSessions, tagOf } from '../../api/emqx-versions.ts';
import { durableSessionsVariable, mayKeepSessions } from '../resources/broker/emqx-environment.ts';
import type { KubeObject } from '../runtime/object.ts';
import { componentOf } from './workloads.ts';

export interface EmqxSessions {
  /** `unsafe`: on disk, in a version that loses messages from there. `in-memory`: kept from the disk for that reason. */
  readonly state: 'unsafe' | 'in-memory';
  readonly image: string;
}

interface Pods {
  readonly spec?: {
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly {
          readonly name: string;
          readonly image?: string;
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
}

/** Undefined where there is nothing to say. */
export function emqxSessionsOf(
  document: MqttKafkaBridge | undefined,
  objects: readonly KubeObject[],
): EmqxSessions | undefined {
  if (document?.spec.mqtt.broker?.kind !== 'emqx') return undefined;
  const workload = objects.find(each => each.kind === 'StatefulSet' && componentOf(each) === 'broker') as
    | Pods
    | undefined;
  const container = workload?.spec?.template?.spec?.containers?.find(({ name }) => name === 'broker');
  const image = container?.image ?? '';
  if (!losesDurableSessions(tagOf(image))) return undefined;
  const durable = container?.env?.find(({ name }) => name === durableSessionsVariable)?.value;
  if (durable !== 'false') return { state: 'unsafe', image };
  return mayKeepSessions(document) ? { state: 'in-memory', image } : undefined;
}
