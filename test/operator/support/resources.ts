import type { MqttKafkaBridge } from '../../../api/bridge.ts';
import { completeDocument } from '../../../api/complete.ts';
import type { CheckSettings } from '../../../operator/reconcile/document.ts';
import type { Findings } from '../../../operator/reconcile/findings.ts';
import type { Workload } from '../../../operator/reconcile/workloads.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { documentOf } from '../../api/support/documents.ts';

/** A bridge as a cluster has it: the smallest valid document, with these sections in place of its own. */
export const resourceOf = (
  spec: Parameters<typeof documentOf>[0] = {},
  more: Partial<KubeObject> = {},
): KubeObject => ({
  ...(documentOf(spec) as unknown as KubeObject),
  metadata: { name: 'cars', namespace: 'shop', uid: 'uid-cars', generation: 3, resourceVersion: '7' },
  ...more,
});

/** What the operator decides for all documents, with nothing trusted. */
export const settingsOf = (replicas: number): CheckSettings => ({ replicas, trustedOverrides: [] });

/** The same, complete. */
export const documentIn = (spec?: Parameters<typeof documentOf>[0]): MqttKafkaBridge =>
  completeDocument(resourceOf(spec));

export const workloadOf = (more: Partial<Workload> = {}): Workload => ({
  component: 'bridge',
  title: 'StatefulSet cars-bridge',
  wanted: 2,
  current: 2,
  ready: 2,
  updated: 2,
  trouble: undefined,
  ...more,
});

/** A bridge with which all is well. */
export const findingsOf = (more: Partial<Findings> = {}): Findings => ({
  problems: [],
  document: documentIn({ mqtt: { url: 'mqtt://a', share: 's' }, bridge: { replicas: 2 } }),
  missing: [],
  unserved: [],
  failure: undefined,
  monitoring: { missing: [], failure: undefined },
  drainTrouble: undefined,
  workloads: [workloadOf()],
  drains: [],
  left: [],
  sessions: 2,
  connections: { mqtt: true, kafka: true },
  flow: undefined,
  emqxSessions: undefined,
  routes: [],
  endpoints: {},
  ...more,
});
