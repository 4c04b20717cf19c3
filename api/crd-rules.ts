/** What the custom resource's schema cannot say, as CEL rules by path; `[]` stands for any item. https://kubernetes.io/docs/reference/using-api/cel/ */

import { bridgeUser } from './checks/operation.ts';

export interface CelRule {
  readonly rule: string;
  readonly message: string;
  /** Where the fault is shown, from the rule's own place. */
  readonly fieldPath?: string;
}

const oauthOnly = (name: string): CelRule => ({
  rule: `self.mechanism == 'oauthbearer' || !has(self.${name})`,
  message: `${name} is only for the mechanism oauthbearer`,
});

const passwordOnly = (name: string): CelRule => ({
  rule: `(self.mechanism == 'oauthbearer') != has(self.${name})`,
  message: `${name} is needed by plain and scram-..., and oauthbearer does not use it`,
});

export const celRules: Readonly<Record<string, readonly CelRule[]>> = {
  '': [
    {
      rule: 'self.metadata.name.size() <= 40',
      message: 'the name may have 40 characters at most, as names of Pods and labels are made of it',
    },
  ],
  spec: [
    {
      rule: '!has(self.bridge.replicas) || self.bridge.replicas < 2 || has(self.mqtt.share) || has(self.mqtt.listen)',
      message: 'several replicas need mqtt.share: without it each of them would read, and write, every message',
      fieldPath: '.mqtt.share',
    },
    {
      rule: '!has(self.bridge.autoscaling) || has(self.mqtt.share) || has(self.mqtt.listen)',
      message: 'autoscaling needs mqtt.share: without it each replica would read, and write, every message',
      fieldPath: '.mqtt.share',
    },
  ],
  'spec.bridge.autoscaling': [
    {
      rule: 'self.minReplicas <= self.maxReplicas',
      message: 'minReplicas is above maxReplicas',
      fieldPath: '.minReplicas',
    },
    { rule: 'has(self.cpu) || has(self.backlog)', message: 'cpu or backlog must say what to scale by' },
  ],
  'spec.mqtt.broker': [
    {
      rule: "self.kind != 'mosquitto' || self.replicas == 1",
      message: 'mosquitto does not scale out: use one replica, or the kind emqx',
      fieldPath: '.replicas',
    },
    {
      rule: 'has(self.storage) == has(oldSelf.storage) && (!has(self.storage) || self.storage == oldSelf.storage)',
      message: 'storage cannot change, as the volumes of a StatefulSet cannot: delete the bridge and create it again',
    },
    {
      rule: `self.users.all(user, user.username != '${bridgeUser}')`,
      message: `the user ${bridgeUser} is the bridge itself`,
      fieldPath: '.users',
    },
  ],
  'spec.mqtt.broker.kind': [
    {
      rule: 'self == oldSelf',
      message:
        'the kind of broker cannot change: sessions would be lost. Create another bridge, and delete this one later',
    },
  ],
  'spec.kafka.auth': [
    passwordOnly('username'),
    passwordOnly('password'),
    oauthOnly('oauth'),
    oauthOnly('token'),
    {
      rule: "self.mechanism != 'oauthbearer' || has(self.oauth) != has(self.token)",
      message: 'oauthbearer needs oauth or token, and not both',
    },
  ],
  'spec.kafka.producer': [
    {
      rule: "!has(self.idempotent) || !self.idempotent || self.acks == 'all'",
      message: 'idempotent needs acks: all',
      fieldPath: '.idempotent',
    },
  ],
  'spec.monitoring': [
    {
      rule: '!has(self.grafana) || has(self.grafana.existing) || has(self.grafana.prometheusUrl) || (has(self.prometheus) && self.prometheus.mode != "operator")',
      message: 'Grafana has no Prometheus to ask: add prometheus, or grafana.prometheusUrl',
      fieldPath: '.grafana',
    },
  ],
  'spec.monitoring.prometheus': [
    {
      rule: 'has(self.storage) == has(oldSelf.storage) && (!has(self.storage) || self.storage == oldSelf.storage)',
      message:
        'storage cannot change, as the volume of a StatefulSet cannot: leave out prometheus once, and give it again',
    },
  ],
};
