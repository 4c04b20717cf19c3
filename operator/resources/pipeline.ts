/**
 * What the objects of a bridge are made from. The functions of this folder are pure: the same pipeline gives the same objects, whatever
 * is there already. Everything that must be looked up, made up at random or remembered comes in through `observed`, so that `mkb render
 * k8s` makes with no cluster what the operator makes with one.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import type { OperatorSettings } from '../settings.ts';
import type { KitNote } from './kit-note.ts';
import type { Component } from './labels.ts';

/** APIs that not every cluster has. */
export interface OptionalApis {
  /** monitoring.coreos.com/v1: the Prometheus operator. */
  readonly prometheusOperator: boolean;
  /** gateway.networking.k8s.io/v1: the kinds of routes that it has, such as `TLSRoute`. */
  readonly routes: readonly string[];
  /** kafka.strimzi.io: Strimzi; its version, such as `v1`, or undefined when it is not there. */
  readonly strimzi: string | undefined;
}

/** What a `kafka.clusterRef` stands for. */
export interface KafkaCluster {
  readonly bootstrapServers: readonly string[];
  /** Certificates to trust, in PEM; undefined for a listener without TLS. */
  readonly ca?: string;
  /** Who the bridge is: what the Secret of the KafkaUser holds. */
  readonly user?:
    | { readonly kind: 'scram-sha-512'; readonly username: string; readonly password: string }
    | { readonly kind: 'tls'; readonly cert: string; readonly key: string };
  /** The namespace of the Kafka resource, where its topics are made. */
  readonly namespace: string;
  readonly name: string;
  /** Whether topics of the document become KafkaTopics there. In another namespace its owner must have allowed it. */
  readonly makesTopics: boolean;
}

/** Sessions that an older document left behind. */
export interface LeftSessions {
  /** The name of the Secret that has what their drain needs. */
  readonly kit: string;
  readonly note: KitNote;
}

export interface Observed {
  readonly apis: OptionalApis;
  /** What `spec.kafka.clusterRef` was found to be; undefined without one. */
  readonly kafka?: KafkaCluster;
  /** The address that `spec.mqtt.brokerRef` was found to have; undefined without one. */
  readonly brokerUrl?: string;
  /** Secrets that the operator made earlier, by name: passwords in them are kept. Values as plain text. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** A hash of the data of each Secret and ConfigMap that Pods read and that the operator did not make, by `Secret/name` and `ConfigMap/name`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The default that each component was made with, see images.ts. */
  readonly images: Readonly<Partial<Record<Component, string>>>;
  /** See `BridgeStatus.sessions`. */
  readonly sessions: number;
  /** See `KitNote.oldFilters`. */
  readonly oldFilters: readonly string[];
  /** Sessions that older documents left behind, and that are to be drained. */
  readonly left: readonly LeftSessions[];
  /**
   * Of the Pod template as it is: what it was rolled for last. Undefined when there is none, and when Pods are to be rolled for the document as it is now.
   */
  readonly rolled?: { readonly inputs: string; readonly document: string };
  /** Names of the claims of buffers on disk that there are, where a replica that is no more may have one. */
  readonly claims: ReadonlySet<string>;
}

export interface Pipeline {
  /** Complete (every default filled in), valid, with `metadata.namespace`; `metadata.uid` when it is in a cluster. */
  readonly document: MqttKafkaBridge;
  readonly settings: OperatorSettings;
  readonly observed: Observed;
  /** Makes up a password. */
  readonly newPassword: () => string;
}

/** Nothing looked up and nothing there yet. */
export const nothingObserved: Observed = {
  apis: { prometheusOperator: false, routes: [], strimzi: undefined },
  secrets: {},
  inputs: {},
  images: {},
  sessions: 0,
  oldFilters: [],
  left: [],
  claims: new Set(),
};
