/** What the custom resource's schema cannot say, as CEL rules by path; `[]` stands for any item. https://kubernetes.io/docs/reference/using-api/cel/ */

import { bridgeUser, exporterUser, managerUser } from './checks/operation.ts';
import { ownPrefix } from './mqtt-user.ts';

export interface CelRule {
  readonly rule: string;
  readonly message: string;
  /** Where the fault is shown, from the rule's own place. */
  readonly fieldPath?: string;
  /** The kind of fault that programs get; without it `FieldValueInvalid`. */
  readonly reason?: 'FieldValueForbidden' | 'FieldValueRequired';
}

const oauthOnly = (name: string): CelRule => ({
  rule: `self.mechanism == 'oauthbearer' || !has(self.${name})`,
  message: `${name} is only for the mechanism oauthbearer`,
});

const passwordOnly = (name: string): CelRule => ({
  rule: `(self.mechanism in ['oauthbearer', 'aws-msk-iam']) != has(self.${name})`,
  message: `${name} is needed by plain and scram-..., and the other mechanisms do not use it`,
});

/** What checkMqttUrl of checks/mqtt.ts says, as far as it is about one address. */
const mqttUrl: readonly CelRule[] = [
  {
    rule: "[self.find('^[a-z]+://[^/]*').find(':[0-9]+$')].all(port, port == '' || port.matches('^:0*[1-9][0-9]{0,4}$') && int(port.find('[1-9][0-9]*')) <= 65535)",
    message: 'the port must be one from 1 to 65535',
  },
  {
    rule: "!self.matches('^mqtts?://[^/]+/.')",
    message: 'an mqtt:// or mqtts:// url has no path: topics are chosen in the rules',
  },
];

const clear = (name: string) => `${name}.startsWith('mqtt://') || ${name}.startsWith('ws://')`;
const webSocket = (name: string) => `${name}.startsWith('ws')`;

/** Kubernetes' own spelling of a size: `5GiB` is `5Gi`, `5KB` is `5k`. */
const quantity = (size: string) => `quantity(${size}.replace('KB', 'k').replace('B', ''))`;

/** A volume may grow, and nothing else of it may change. */
const sameVolumes: readonly CelRule[] = [
  {
    rule: `has(self.storage) == has(oldSelf.storage) && (!has(self.storage) || ${quantity('self.storage')}.compareTo(${quantity('oldSelf.storage')}) >= 0)`,
    reason: 'FieldValueForbidden',
    message: 'storage can only grow: delete the volumes with what they belong to, and create it again',
  },
  {
    rule: 'has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)',
    reason: 'FieldValueForbidden',
    message: 'storageClassName cannot change: delete the volumes with what they belong to, and create it again',
  },
];

/** Days are no unit of CEL. In the items of a list the server fills in no default. */
const minDelay = "(has(self.minDelay) ? self.minDelay : '100ms')";
const maxDelay = "(has(self.maxDelay) ? self.maxDelay : '1s')";
const backoff: readonly CelRule[] = [
  {
    rule: `[${minDelay}, ${maxDelay}].exists(delay, delay.contains('d')) || duration(${minDelay}) <= duration(${maxDelay})`,
    message: 'minDelay is longer than maxDelay',
    fieldPath: '.minDelay',
  },
];

/** Of an MqttUser, whose paths begin with `user`. */
const userRules: Readonly<Record<string, readonly CelRule[]>> = {
  user: [
    {
      rule: `has(self.spec.username) || !self.metadata.name.startsWith('${ownPrefix}')`,
      message: `user names that begin with ${ownPrefix} are the operator's own: give another spec.username`,
    },
  ],
  'user.spec.username': [
    {
      rule: `!self.startsWith('${ownPrefix}')`,
      message: `user names that begin with ${ownPrefix} are the operator's own`,
    },
  ],
};

export const celRules: Readonly<Record<string, readonly CelRule[]>> = {
  ...userRules,
  '': [
    {
      // One that exists has a status, and must stay open to changes: else its finalizer could never be taken away.
      rule: "has(self.status) || self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
      message:
        'the name must begin with a small letter and have small letters, digits and dashes only, no dash at the end, as names of Services are made of it: such as cars-1',
    },
    {
      rule: 'has(self.status) || self.metadata.name.size() <= 40',
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
    {
      rule: `!has(self.mqtt.listen) || (!has(self.bridge.replicas) || self.bridge.replicas < 2) && (!has(self.bridge.autoscaling) || self.bridge.autoscaling.maxReplicas < 2) || has(self.mqtt.clients) && self.mqtt.clients.sessions.expiry.matches('^(0+([.]0+)?[a-z]+)+$')`,
      message:
        'several replicas need mqtt.clients.sessions.expiry 0s: a session lives in one of them, and its client may come back to another',
      fieldPath: '.mqtt.clients',
    },
    ...['service', 'gateway'].map(name => ({
      rule: `!has(self.bridge.${name}) || has(self.mqtt.listen)`,
      message: `${name} leads MQTT clients to the bridge, and without mqtt.listen none connect to it`,
      fieldPath: `.bridge.${name}`,
    })),
  ],
  'spec.bridge.autoscaling': [
    {
      rule: 'self.minReplicas <= self.maxReplicas',
      message: 'minReplicas is above maxReplicas',
      fieldPath: '.minReplicas',
    },
    {
      rule: 'has(self.cpu) || has(self.backlog) || has(self.connections)',
      message: 'cpu, backlog or connections must say what to scale by',
    },
  ],
  'spec.mqtt.broker': [
    {
      rule: "self.kind != 'mosquitto' || self.replicas == 1",
      message: 'mosquitto does not scale out: use one replica, or the kind emqx',
      fieldPath: '.replicas',
    },
    ...sameVolumes,
    {
      rule: '!has(self.gateway) || has(self.tls) || self.gateway.hostnames.size() == 0',
      message: 'hostnames are what TLS clients ask for: set tls, or leave out hostnames',
      fieldPath: '.gateway.hostnames',
    },
    {
      rule: `self.users.all(user, user.username != '${bridgeUser}')`,
      message: `the user ${bridgeUser} is the bridge itself`,
      fieldPath: '.users',
    },
    {
      rule: `self.users.all(user, user.username != '${exporterUser}')`,
      message: `the user ${exporterUser} is the exporter`,
      fieldPath: '.users',
    },
    {
      rule: `self.users.all(user, user.username != '${managerUser}')`,
      message: `the user ${managerUser} is who brings the broker its MqttUsers`,
      fieldPath: '.users',
    },
    {
      rule: "self.kind != 'mosquitto' || self.users.all(user, !user.username.contains(':') && !user.username.startsWith('#') && user.username == user.username.trim())",
      message: 'mosquitto knows no user with `:` in its name, `#` in front of it or a space at either end',
      fieldPath: '.users',
    },
  ],
  'spec.mqtt.broker.kind': [
    {
      rule: 'self == oldSelf',
      reason: 'FieldValueForbidden',
      message:
        'the kind of broker cannot change: sessions would be lost. Create another bridge, and delete this one later',
    },
  ],
  'spec.mqtt': [
    {
      rule: `!has(self.tls) || !(has(self.url) && (${clear('self.url')}) || has(self.urls) && self.urls.exists(url, ${clear('url')}))`,
      message:
        'tls is given, but mqtt:// and ws:// are not encrypted: use mqtts:// or wss://, and the port that serves TLS',
      fieldPath: '.tls',
    },
    {
      rule: `!has(self.webSocket) || has(self.url) && ${webSocket('self.url')} || has(self.urls) && self.urls.exists(url, ${webSocket('url')})`,
      message: 'webSocket is given, but no url starts with ws:// or wss://',
      fieldPath: '.webSocket',
    },
    ...['auth', 'tls'].map(name => ({
      rule: `!has(self.broker) || !has(self.${name})`,
      message: `${name} is given, but at a broker that the operator runs the bridge has a user of its own`,
      fieldPath: `.${name}`,
    })),
    {
      rule: '!has(self.clients) || has(self.listen)',
      message: 'clients is about those that connect to the bridge, and without listen none do',
      fieldPath: '.clients',
    },
    {
      rule: '!has(self.listen) || !has(self.tls)',
      message: 'tls is for connecting to a broker; a port has its own: move it into listen',
      fieldPath: '.tls',
    },
    {
      // Days are no unit of CEL. The rule stands here and not at reconnect, whose default `{}` it would not hold for.
      rule: "[self.reconnect.minDelay, self.reconnect.maxDelay].exists(delay, delay.contains('d')) || duration(self.reconnect.minDelay) <= duration(self.reconnect.maxDelay)",
      message: 'minDelay is longer than maxDelay',
      fieldPath: '.reconnect.minDelay',
    },
  ],
  'spec.mqtt.url': mqttUrl,
  'spec.mqtt.urls[]': mqttUrl,
  'spec.kafka': [
    {
      rule: '!has(self.auth) || !has(self.clusterRef) || !has(self.clusterRef.user)',
      message: 'auth is given, but clusterRef.user says already who the bridge is',
      fieldPath: '.auth',
    },
    {
      rule: "!has(self.auth) || self.auth.mechanism != 'aws-msk-iam' || has(self.tls)",
      message: 'tls is missing: aws-msk-iam is for the TLS listeners of MSK',
    },
  ],
  'spec.kafka.bootstrapServers[]': [
    {
      rule: "[int(self.substring(self.lastIndexOf(':') + 1))].all(port, port >= 1 && port <= 65535)",
      message: 'the port must be one from 1 to 65535',
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
    {
      rule: "self.mechanism == 'aws-msk-iam' || !has(self.aws)",
      message: 'aws is only for the mechanism aws-msk-iam',
      fieldPath: '.aws',
    },
  ],
  'spec.kafka.auth.oauth': [
    {
      rule: "!has(self.tls) || self.tokenEndpoint.startsWith('https://')",
      message: 'tls is given, but http:// is not encrypted: use https://',
      fieldPath: '.tokenEndpoint',
    },
  ],
  'spec.kafka.topics[]': [
    {
      rule: 'self.partitions < 1 || oldSelf.partitions < 1 || self.partitions >= oldSelf.partitions',
      reason: 'FieldValueForbidden',
      message: 'partitions cannot become fewer, as Kafka takes none away: make another topic',
      fieldPath: '.partitions',
    },
    { rule: 'self.partitions != 0 && self.replicas != 0', message: "at least 1, or -1 for the cluster's own default" },
  ],
  'spec.kafka.producer': [
    {
      rule: "!has(self.idempotent) || !self.idempotent || self.acks == 'all'",
      message: 'idempotent needs acks: all',
      fieldPath: '.idempotent',
    },
  ],
  'spec.schemas[].registry': [
    {
      rule: "!has(self.tls) || self.url.startsWith('https://')",
      message: 'tls is given, but http:// is not encrypted: use https://, and the port that serves TLS',
      fieldPath: '.tls',
    },
    {
      rule: '!has(self.version) || has(self.subject)',
      message: 'version is given without the subject that it is a version of',
      fieldPath: '.version',
    },
  ],
  'spec.delivery.retry.backoff': backoff,
  'spec.rules[].sinks[].kafka.retry.backoff': backoff,
  'spec.rules[].sinks[].mqtt.retry.backoff': backoff,
  'spec.monitoring': [
    {
      rule: '!has(self.grafana) || has(self.grafana.existing) || has(self.grafana.prometheusUrl) || (has(self.prometheus) && self.prometheus.mode != "operator")',
      message: 'Grafana has no Prometheus to ask: add prometheus, or grafana.prometheusUrl',
      fieldPath: '.grafana',
    },
  ],
  'spec.monitoring.prometheus': [...sameVolumes],
};
