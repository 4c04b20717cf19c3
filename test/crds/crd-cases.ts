/** Documents that the API server takes, and such as it refuses. */
import { ruleOf } from '../api/support/documents.ts';

export const url = 'mqtt://a';
const secret = { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };
const bootstrapServers = ['a:9092'];
const mosquitto = { kind: 'mosquitto' };

/** The bridge is the MQTT server. */
const listening = (clients: object = {}) => ({ listen: [{ port: 1883 }], clients: { passwords: secret, ...clients } });

/** Retried so by a sink, where the server fills in no default. */
const retriedWith = (backoff: Record<string, string>) => ({
  rules: [{ ...ruleOf({ topic: 'a' }), sinks: [{ kafka: { topic: 'a', retry: { backoff } } }] }],
});

/** Refused since the latest definition, by which it is known to be served. */
export const lastBad = { mqtt: { url: 'mqtt://a:0' } };

/** Sections of a document, and words of why the API server refuses them. */
export const bad: [Record<string, unknown>, string][] = [
  [{ mqtt: {} }, 'exactly one of url, urls, broker, brokerRef, listen is needed'],
  [{ mqtt: { url, broker: mosquitto } }, 'exactly one of url'],
  [{ mqtt: { url: 'http://a' } }, 'spec.mqtt.url'],
  [{ mqtt: { url, qos: 3 } }, 'spec.mqtt.qos: Unsupported value: 3'],
  [{ mqtt: { url, sessionExpiry: '24' } }, 'spec.mqtt.sessionExpiry'],
  [{ mqtt: { url, tls: { cert: secret } } }, 'cert and key belong together'],
  [{ mqtt: { url: 'mqtts://a', tls: { passphrase: secret } } }, 'passphrase is given without key'],
  [{ mqtt: { url, auth: { username: 'a', password: {} } } }, 'exactly one of value, valueFrom is needed'],
  [{ mqtt: { broker: { ...mosquitto, replicas: 2 } } }, 'mosquitto does not scale out'],
  [
    { mqtt: { broker: { ...mosquitto, users: [{ username: 'mkb-bridge', password: secret }] } } },
    'the user mkb-bridge is the bridge itself',
  ],
  [
    { mqtt: { broker: { ...mosquitto, users: [{ username: 'mkb-exporter', password: secret }] } } },
    'the user mkb-exporter is the exporter',
  ],
  [
    { mqtt: { broker: { ...mosquitto, users: [{ username: 'a:b', password: secret }] } } },
    'mosquitto knows no user with `:`',
  ],
  [
    { mqtt: { broker: { ...mosquitto, gateway: { parentRefs: [{ name: 'public' }], hostnames: ['a.example.com'] } } } },
    'hostnames are what TLS clients ask for',
  ],
  [{ mqtt: { broker: { ...mosquitto, gateway: { parentRefs: [] } } } }, 'spec.mqtt.broker.gateway.parentRefs'],
  [{ mqtt: { broker: mosquitto, auth: { username: 'a' } } }, 'the bridge has a user of its own'],
  [{ mqtt: { broker: mosquitto, tls: {} } }, 'the bridge has a user of its own'],
  [
    { kafka: { clusterRef: { name: 'k', user: 'u' }, auth: { mechanism: 'plain', username: 'u', password: secret } } },
    'clusterRef.user says already who the bridge is',
  ],
  [lastBad, 'the port must be one from 1 to 65535'],
  [{ mqtt: { url: 'mqtts://[::1]:65536/' } }, 'the port must be one from 1 to 65535'],
  [{ mqtt: { urls: [url, 'wss://a:99999/mqtt'] } }, 'the port must be one from 1 to 65535'],
  [{ mqtt: { url: 'mqtt://a/cars' } }, 'url has no path'],
  [{ mqtt: { url, tls: {} } }, 'mqtt:// and ws:// are not encrypted'],
  [{ mqtt: { urls: ['mqtts://a', 'ws://b'], tls: {} } }, 'mqtt:// and ws:// are not encrypted'],
  [{ mqtt: { url, webSocket: {} } }, 'no url starts with ws:// or wss://'],
  [{ mqtt: { listen: [{ port: 1883 }], clients: {}, tls: {} } }, 'a port has its own'],
  [{ mqtt: { listen: [{ port: 1883, tls: { cert: secret } }], clients: {} } }, 'tls.key: Required value'],
  [{ mqtt: { listen: [{ port: 65_536 }] } }, 'should be less than or equal to 65535'],
  [{ mqtt: { url, clients: { anonymous: true } } }, 'without listen none do'],
  [{ mqtt: listening(), bridge: { replicas: 2 } }, 'several replicas need mqtt.clients.sessions.expiry 0s'],
  [
    { mqtt: listening({ sessions: { expiry: '10s' } }), bridge: { autoscaling: { maxReplicas: 2, cpu: 80 } } },
    'several replicas need mqtt.clients.sessions.expiry 0s',
  ],
  [{ mqtt: { url }, bridge: { service: {} } }, 'without mqtt.listen none connect to it'],
  [{ mqtt: { url }, bridge: { gateway: { parentRefs: [{ name: 'a' }] } } }, 'without mqtt.listen none connect to it'],
  [{ mqtt: listening(), bridge: { service: { type: 'None' } } }, 'spec.bridge.service.type'],
  [{ mqtt: { url, reconnect: { minDelay: '1m' } } }, 'minDelay is longer than maxDelay'],
  [{ kafka: { bootstrapServers: ['a:9092', 'a:65536'] } }, 'the port must be one from 1 to 65535'],
  [{ kafka: { bootstrapServers: ['a:0'] } }, 'the port must be one from 1 to 65535'],
  [{ kafka: { bootstrapServers: ['a'] } }, 'spec.kafka.bootstrapServers[0]'],
  [{ kafka: { bootstrapServers: ['a:1', 'a:1'] } }, 'duplicate entries for key'],
  [{ kafka: {} }, 'exactly one of bootstrapServers, clusterRef is needed'],
  [{ kafka: { bootstrapServers: [] } }, 'should have at least 1 items'],
  [{ kafka: { bootstrapServers, auth: { mechanism: 'plain' } } }, 'username is needed by plain'],
  [{ kafka: { bootstrapServers, auth: { mechanism: 'aws-msk-iam' } } }, 'tls is missing'],
  [{ kafka: { bootstrapServers, tls: {}, auth: { mechanism: 'aws-msk-iam', token: secret } } }, 'token is only for'],
  [{ kafka: { bootstrapServers, topics: [{ name: 'a', replicas: 0 }] } }, "-1 for the cluster's own default"],
  [
    { kafka: { bootstrapServers, auth: { mechanism: 'oauthbearer', username: 'u', token: secret } } },
    'the other mechanisms do not use it',
  ],
  [{ kafka: { bootstrapServers, auth: { mechanism: 'oauthbearer' } } }, 'oauthbearer needs oauth or token'],
  [{ kafka: { bootstrapServers, producer: { acks: 'leader', idempotent: true } } }, 'idempotent needs acks: all'],
  [{ schemas: [{ name: 'a' }] }, 'exactly one of json, avro, protobuf, registry is needed'],
  [{ schemas: [{ name: 'a', avro: '"int"', json: '{}' }] }, 'exactly one of json, avro, protobuf, registry is needed'],
  [
    {
      schemas: [
        { name: 'a', avro: '"int"' },
        { name: 'a', json: '{}' },
      ],
    },
    'duplicate entries for key [name="a"]',
  ],
  [{ schemas: [{ name: 'a', registry: { url: 'http://r', tls: {} } }] }, 'http:// is not encrypted'],
  [{ schemas: [{ name: 'a', registry: { url: 'http://r', version: 1 } }] }, 'version is given without the subject'],
  [{ schemas: [{ name: 'a', registry: { url: 'http://r', auth: {} } }] }, 'exactly one of basic, token is needed'],
  [{ schemas: [{ name: 'a', registry: { url: 'registry:8081' } }] }, 'spec.schemas[0].registry.url'],
  [{ tables: [{ name: 'a', key: 'k' }] }, 'exactly one of file, text is needed'],
  [{ tables: [{ name: 'a', file: 'a.csv', text: 'k', key: 'k' }] }, 'exactly one of file, text is needed'],
  [{ rules: [] }, 'should have at least 1 items'],
  [{ rules: [ruleOf({ topic: 'a' }), ruleOf({ topic: 'b' })] }, 'duplicate entries for key [name="all"]'],
  [{ rules: [{ ...ruleOf({ topic: 'a' }), sinks: [{}] }] }, 'exactly one of kafka, mqtt is needed'],
  [retriedWith({ minDelay: '1m' }), 'minDelay is longer than maxDelay'],
  [retriedWith({ maxDelay: '1ms' }), 'minDelay is longer than maxDelay'],
  [{ monitoring: { grafana: {} } }, 'Grafana has no Prometheus to ask'],
  [{ bridge: { replicas: 2 } }, 'several replicas need mqtt.share'],
  [{ bridge: { replicas: -1 } }, 'should be greater than or equal to 0'],
  [{ bridge: { autoscaling: { maxReplicas: 3, cpu: 80 } } }, 'autoscaling needs mqtt.share'],
  [
    { mqtt: { url, share: 's' }, bridge: { autoscaling: { minReplicas: 4, maxReplicas: 3, cpu: 80 } } },
    'minReplicas is above maxReplicas',
  ],
  [
    { mqtt: { url, share: 's' }, bridge: { autoscaling: { maxReplicas: 3 } } },
    'cpu, backlog or connections must say what to scale by',
  ],
];

/** What only the operator runs; a document for a laptop has no such rules. */
export const good: Record<string, unknown>[] = [
  {},
  { mqtt: { urls: [url, 'wss://b/mqtt'], share: 's' }, bridge: { replicas: 3, podTemplate: { spec: { any: [1] } } } },
  {
    mqtt: { broker: { kind: 'emqx', replicas: 3, storage: '1GiB' } },
    monitoring: { exporter: {}, prometheus: {}, grafana: {} },
  },
  { kafka: { clusterRef: { name: 'k', user: 'u' } }, delivery: { onFailure: { deadLetter: { topic: 'dead' } } } },
  { kafka: { bootstrapServers, auth: { mechanism: 'plain', username: 'u', password: secret } } },
];

/** What earlier definitions do not know. */
export const goodSince: Record<string, unknown>[] = [
  retriedWith({}),
  retriedWith({ minDelay: '200ms' }),
  retriedWith({ maxDelay: '1m' }),
  {
    mqtt: listening({ sessions: { expiry: '0s' } }),
    bridge: {
      replicas: 3,
      service: { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8'] },
      gateway: { parentRefs: [{ name: 'public' }] },
    },
  },
  { mqtt: listening({ sessions: { expiry: '0m0s' } }), bridge: { autoscaling: { maxReplicas: 3, connections: 100 } } },
  {
    schemas: [
      { name: 'a', avro: '"int"' },
      { name: 'b', registry: { url: 'https://r/api', subject: 's', version: 2 } },
    ],
  },
];
