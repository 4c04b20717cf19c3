/** Errors: the Kubernetes API and the operator. */
import { table } from './entry.ts';

/** An answer of the API server that is none: what was asked for, and its own words. */
export interface Refusal {
  /** `apply StatefulSet shop/bridge`. */
  action: string;
  reason: string;
}

/** A field that we wanted to set and that another manager owns with another value. */
export interface FieldConflict {
  /** The other's name; empty if the server did not give it. */
  readonly manager: string;
  /** `.spec.replicas`. */
  readonly field: string;
}

// Without the right to do something, or with a token that is too old, the operator tries again all the same: roles and tokens often
// come after the process that needs them, and nothing else would say that they have come.
export const kubernetesErrors = table({
  'kube-unreachable': {
    kind: 'retryable',
    message: ({ server, reason }: { server: string; reason: string; refused?: boolean }) =>
      `The Kubernetes API server ${server} cannot be reached: ${reason}.`,
    remedy: 'Check the kubeconfig (or the service account) and the network; it is retried.',
  },
  'kube-timeout': {
    kind: 'retryable',
    message: ({ action, waitedMs }: { action: string; waitedMs: number }) =>
      `The Kubernetes API server did not answer within ${waitedMs} ms: ${action}.`,
    remedy: 'It is retried. If it lasts, look at the load of the API server and of etcd.',
  },
  'kube-config': {
    kind: 'permanent',
    message: ({ where, reason }: { where: string; reason: string }) =>
      `No Kubernetes cluster can be read from ${where}: ${reason}.`,
    remedy: 'Name a kubeconfig with a current context, or run in a Pod with a service account.',
  },
  'kube-credentials': {
    kind: 'retryable',
    message: ({ server, reason }: { server: string; reason: string }) =>
      `The kubeconfig gives no credentials for ${server}: ${reason}.`,
    remedy: 'Check the certificates, the token file or the exec command that the kubeconfig names; it is retried.',
  },
  'kube-unauthorized': {
    kind: 'retryable',
    message: ({ action, reason }: Refusal) =>
      `The Kubernetes API server does not know who we are (${action}): ${reason}.`,
    remedy: 'Check that the token or certificate is of this cluster and has not expired; it is retried.',
  },
  'kube-forbidden': {
    kind: 'retryable',
    message: ({ action, reason }: Refusal) => `The Kubernetes API server does not allow it (${action}): ${reason}.`,
    remedy: 'Give the service account the role that the message names (deploy/ has the complete ones); it is retried.',
  },
  'kube-invalid': {
    kind: 'permanent',
    message: ({ action, reason }: Refusal) => `The Kubernetes API server does not take it (${action}): ${reason}.`,
    remedy: 'Correct the field that the message names.',
  },
  'kube-conflict': {
    kind: 'retryable',
    message: ({ action, reason }: Refusal & { conflicts?: readonly FieldConflict[] }) =>
      `Another writer was there before us (${action}): ${reason}.`,
    remedy: 'It is retried with the newer object. If it lasts, two writers set the same field: leave it to one.',
  },
  'kube-gone': {
    kind: 'retryable',
    message: ({ action, reason }: Refusal) =>
      `What we knew is too old for the Kubernetes API server (${action}): ${reason}.`,
    remedy: 'Wait: everything is listed again.',
  },
  'kube-not-found': {
    kind: 'retryable',
    message: ({ action, reason }: Refusal) => `There is no such object (${action}): ${reason}.`,
    remedy: 'Check that the namespace and the CustomResourceDefinition exist; it is retried.',
  },
  'kube-already-exists': {
    kind: 'retryable',
    message: ({ action, reason }: Refusal) => `It exists already (${action}): ${reason}.`,
    remedy: 'Wait: it is read, and retried.',
  },
  'kube-overloaded': {
    kind: 'retryable',
    message: ({ action, reason }: Refusal & { retryAfterSeconds?: number }) =>
      `The Kubernetes API server has no time for us (${action}): ${reason}.`,
    remedy: 'It is retried when the server says. If it lasts, look at its flow control (priority levels) and at etcd.',
  },
  'kube-failed': {
    kind: 'retryable',
    message: ({ action, reason }: Refusal & { status: number }) =>
      `The Kubernetes API server failed (${action}): ${reason}.`,
    remedy:
      'It is retried. If it lasts, look at the log of the API server, and at webhooks that are asked about the object.',
  },
  'kube-answer-too-long': {
    kind: 'retryable',
    message: ({ action, limit }: { action: string; limit: number }) =>
      `The answer of the Kubernetes API server is longer than ${limit} bytes (${action}).`,
    remedy: 'Wait: a list is asked for again, in shorter pages.',
  },
  'leadership-lost': {
    kind: 'permanent',
    message: ({ lease }: { lease: string }) =>
      `The lease ${lease} could not be renewed in time: another may lead by now.`,
    remedy: 'The process ends and is started again. If it happens often, look at the load of the API server.',
  },
  'reconcile-timeout': {
    kind: 'retryable',
    message: ({ controller, key, limitMs }: { controller: string; key: string; limitMs: number }) =>
      `${controller} ${key} could not be reconciled within ${limitMs} ms.`,
    remedy: 'It is retried. If it lasts, look at what takes so long: the API server as a rule.',
  },
  'kube-namespace-ending': {
    kind: 'permanent',
    message: ({ action }: Refusal) => `Nothing can be made in a namespace that is being deleted (${action}).`,
    remedy: 'None needed: everything in it goes with it.',
  },
  'kube-cache-behind': {
    kind: 'retryable',
    message: ({ object }: { object: string }) => `${object} is there, but the watch has not reported it yet.`,
    remedy: 'Wait: it is retried in a moment.',
  },
  'kube-object-taken': {
    kind: 'retryable',
    message: ({ object }: { object: string }) => `${object} is there already, and belongs to somebody else.`,
    remedy: 'Delete it, or give the bridge another name; it is retried. What an earlier bridge left goes by itself.',
  },
  'volume-not-grown': {
    kind: 'retryable',
    message: ({ claim, reason }: { claim: string; reason: string }) =>
      `The PersistentVolumeClaim ${claim} cannot grow: ${reason}.`,
    remedy:
      'Use a StorageClass with allowVolumeExpansion: true, or raise the quota; it is retried. What runs goes on with the size that it has.',
  },
  'kafka-cluster-not-ready': {
    kind: 'retryable',
    message: ({ cluster, reason }: { cluster: string; reason: string }) =>
      `The Kafka cluster ${cluster} of kafka.clusterRef cannot be used: ${reason}.`,
    remedy: 'Check the name and namespace, and that Strimzi runs it; it is retried.',
  },
  'reference-not-allowed': {
    kind: 'retryable',
    message: ({ field, object, from }: { field: string; object: string; from: string }) =>
      `${field} names ${object}, which does not exist or is not shared with the namespace ${from}.`,
    remedy:
      "Check its name. If it exists, ask its owner to name the bridge's namespace in its annotation `mqttkafka.dev/allow-from`; it is retried.",
  },
  'mqtt-broker-not-ready': {
    kind: 'retryable',
    message: ({ broker, reason }: { broker: string; reason: string }) =>
      `The EMQX cluster ${broker} of mqtt.brokerRef cannot be used: ${reason}.`,
    remedy: 'Check the name, namespace and port, and that the EMQX operator runs it; it is retried.',
  },
  'session-address-changed': {
    kind: 'permanent',
    message: ({ from, to, clientId }: { from: string; to: string; clientId: string }) =>
      `Messages may wait in the MQTT session of ${clientId} at ${from}. Whether ${to} is the same broker cannot be known, and two clients of one id would end each other's session there.`,
    remedy:
      'Give the bridge another mqtt.clientId together with the new address: then the sessions at the old one are drained. If it is the same broker, annotate the bridge with mqttkafka.dev/accept-changes and the name of the field, such as mqtt.url.',
  },
  'session-group-changed': {
    kind: 'permanent',
    message: ({ from, to, clientId }: { from: string; to: string; clientId: string }) =>
      `Messages may wait for the group ${from} in the MQTT sessions of ${clientId}. A session that is used for the group ${to} cannot be drained of them.`,
    remedy:
      'Give the bridge another mqtt.clientId together with the new group: then the old sessions are drained. To go without, annotate the bridge with mqttkafka.dev/accept-changes: mqtt.share.',
  },
  'sessions-left-too-many': {
    kind: 'retryable',
    message: ({ count, clientId }: { count: number; clientId: string }) =>
      `Sessions of ${count} older documents still wait to be drained, and those of ${clientId} would have to wait behind them.`,
    remedy:
      'Wait until status.leftSessions has fewer: then it is carried out by itself. If drains fail, condition Degraded says why. Find and stop what changes mqtt.clientId again and again.',
  },
  'consumer-group-changed': {
    kind: 'permanent',
    message: ({ from, to, topics }: { from: string; to: string; topics: string }) =>
      `The group ${to} would start at the end of ${topics}: what the group ${from} has not read would never be.`,
    remedy:
      'Set kafka.consumer.offsetReset to earliest, which reads everything again. Or give the new group the positions of the old one with kafka-consumer-groups --reset-offsets, and annotate the bridge with mqttkafka.dev/accept-changes: kafka.consumer.groupId.',
  },
  'buffer-volume-given-up': {
    kind: 'permanent',
    message: ({ bridge }: { bridge: string }) =>
      `Messages that were acknowledged may wait on the volumes data-${bridge}-bridge-N, and without delivery.buffer.mode: disk nobody would deliver them.`,
    remedy:
      'Apply the new document under another name and client id, wait until it is Ready, then delete this bridge: its buffer is delivered first. If nothing waits (mkb_buffer_messages is 0 on every replica), annotate the bridge with mqttkafka.dev/accept-changes: delivery.buffer.mode; the volumes stay.',
  },
  'buffer-volume-changed': {
    kind: 'permanent',
    message: ({ bridge, what }: { bridge: string; what: string }) =>
      `The volumes data-${bridge}-bridge-N cannot ${what}.`,
    remedy:
      'Leave bridge.storageClassName as it was, and set bridge.storage to the size that they have; delivery.buffer.maxBytes may be less. For other volumes, delete the bridge, which delivers what waits, then the PersistentVolumeClaims, and apply it again.',
  },
  'lookup-needs-cluster': {
    kind: 'permanent',
    message: ({ field }: { field: string }) => `${field} is looked up in a cluster, and there is none here.`,
    remedy: 'Give the address itself (spec.mqtt.url, spec.kafka.bootstrapServers), or let the operator run the bridge.',
  },
  'webhook-certificate-unreadable': {
    kind: 'permanent',
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `The certificate of the webhook cannot be read from ${folder}: ${reason}.`,
    remedy:
      'Mount a Secret of the type kubernetes.io/tls there (tls.crt, and the tls.key that belongs to it), or run the operator without --webhook.',
  },
});
