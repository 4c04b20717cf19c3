import { describe, expect, it } from 'vitest';
import { documentOf, load, ruleOf, told } from '../support/documents.ts';

const secret = { value: 's' };
const bootstrapServers = ['localhost:9092'];
const toldOf = (spec: Record<string, unknown>) => told(load(documentOf(spec)));
const ofMqtt = (mqtt: Record<string, unknown>) => toldOf({ mqtt });
const ofKafka = (kafka: Record<string, unknown>) => toldOf({ kafka: { bootstrapServers, ...kafka } });
const ofTopic = (topic: string) => toldOf({ rules: [ruleOf({ topic })] });

/** Somebody may connect. */
const open = { clients: { passwords: secret } };

describe('mqtt', () => {
  it.each([
    [{ url: 'mqtts://broker' }],
    [{ url: 'wss://broker/mqtt', tls: {}, webSocket: { headers: [{ name: 'a', value: 'b' }] } }],
    [{ urls: ['mqtt://a', 'ws://[::1]:8083/mqtt'] }],
    [{ listen: [{ port: 1883 }], clients: { passwords: secret } }],
    [{ listen: [{ port: 8883, tls: { cert: secret, key: secret, clientCa: secret } }] }],
    [
      {
        listen: [
          { port: 8083, webSocket: {} },
          { port: 1883, host: '::1' },
        ],
        clients: { passwords: secret },
      },
    ],
    [{ broker: { kind: 'emqx' } }],
    [{ broker: { kind: 'emqx', users: [{ username: '#a:b ', password: secret }] } }],
    [{ broker: { kind: 'mosquitto', users: [{ username: "it's $(a) #1", password: secret }] } }],
    [{ url: 'mqtts://b', tls: { cert: secret, key: secret } }],
    [{ broker: { kind: 'emqx', service: { type: 'NodePort', nodePort: 30_883, externalTrafficPolicy: 'Local' } } }],
    [{ broker: { kind: 'emqx', service: { type: 'LoadBalancer', loadBalancerSourceRanges: ['2001:db8::/32'] } } }],
  ])('%j is fine', mqtt => {
    expect(ofMqtt(mqtt)).toEqual([]);
  });

  it.each([
    [{}, 'spec.mqtt: One of `url`, `urls`, `broker`, `brokerRef` or `listen` is missing.'],
    [{ url: 'mqtt://a', listen: [{ port: 1 }] }, 'spec.mqtt.listen: `url` and `listen` exclude each other'],
    [{ url: 'tcp://a' }, 'spec.mqtt.url: Found "tcp://a", expected a url such as mqtt://host:1883'],
    [{ url: 'a:1883' }, 'spec.mqtt.url: Found "a:1883", expected a url'],
    [{ url: 'mqtt://a:99999' }, 'spec.mqtt.url: Found "mqtt://a:99999", expected a host, and a port from 1 to 65535.'],
    [{ url: 'mqtt://a:0' }, 'spec.mqtt.url: Found port 0'],
    [{ url: 'mqtt://a/cars' }, 'spec.mqtt.url: An mqtt:// url has no path.'],
    [{ url: 'mqtt://a', tls: {} }, 'spec.mqtt.url: `tls` is given, but mqtt:// is not encrypted.'],
    [{ urls: ['mqtts://a', 'ws://b'], tls: {} }, 'spec.mqtt.urls[1]: `tls` is given, but ws:// is not encrypted.'],
    [{ urls: ['mqtt://a', 'mqtt://a'] }, 'spec.mqtt.urls[1]: "mqtt://a" is given twice'],
    [{ url: 'mqtts://a', tls: { cert: secret } }, 'spec.mqtt.tls.cert: `cert` is given without `key`.'],
    [{ url: 'mqtts://a', tls: { key: secret } }, 'spec.mqtt.tls.key: `key` is given without `cert`.'],
    [{ url: 'mqtt://a', webSocket: {} }, 'spec.mqtt.webSocket: `webSocket` is given, but no url starts with ws://'],
    ...(
      [
        [{ nodePort: 30_883 }, 'nodePort'],
        [{ externalTrafficPolicy: 'Local' }, 'externalTrafficPolicy'],
        [{ type: 'NodePort', loadBalancerClass: 'example.com/inner' }, 'loadBalancerClass'],
        [{ type: 'NodePort', loadBalancerSourceRanges: ['10.0.0.0/8'] }, 'loadBalancerSourceRanges'],
      ] as const
    ).map(
      ([service, name]) =>
        [
          { broker: { kind: 'emqx', service } },
          `spec.mqtt.broker.service.${name}: \`${name}\` is given, and the type of the Service is`,
        ] as const,
    ),
    [
      { broker: { kind: 'emqx', service: { type: 'LoadBalancer', loadBalancerSourceRanges: ['everybody'] } } },
      'expected an address, a slash and a number of bits',
    ],
    [{ listen: [{ port: 1, tls: { cert: secret } }], ...open }, 'spec.mqtt.listen[0].tls: `key` is missing.'],
    [{ listen: [{ port: 1 }] }, 'spec.mqtt.listen: Nobody could connect to `listen`'],
    [{ listen: [{ port: 1 }], clients: {} }, 'spec.mqtt.listen: Nobody could connect to `listen`'],
    [
      { listen: [{ port: 1 }], clients: { anonymous: true } },
      'spec.mqtt.clients.anonymous: Every client that reaches the port',
    ],
    [{ url: 'mqtt://a', clients: { passwords: secret } }, 'spec.mqtt.clients: `clients` is about those that connect'],
    [{ listen: [{ port: 1 }, { port: 1 }], ...open }, 'spec.mqtt.listen[1].port: Port 1 is given twice.'],
    [
      { listen: [{ port: 1 }], clients: { passwords: secret, certificates: { clientId: 'commonName' } } },
      'No port asks clients',
    ],
    ...Object.entries({
      version: '5',
      share: 'g',
      qos: 2,
      retained: 'all',
      sessionExpiry: '1h',
      keepAlive: '1m',
      auth: { username: 'u' },
      unsubscribe: ['a'],
      reconnect: { minDelay: '1s' },
    }).map(
      ([name, value]) =>
        [
          { listen: [{ port: 1 }], ...open, [name]: value },
          `spec.mqtt.${name}: \`${name}\` is for a session at a broker`,
        ] as const,
    ),
    [{ url: 'mqtt://a', share: 'g', retained: 'all' }, 'spec.mqtt.retained: A shared subscription'],
    [{ listen: [{ port: 1 }], ...open, tls: {} }, 'spec.mqtt.tls: `tls` is for connecting to a broker'],
    [
      { url: 'mqtt://a', reconnect: { minDelay: '1m' } },
      'spec.mqtt.reconnect: `minDelay` (1m) is longer than `maxDelay` (30s).',
    ],
    [{ url: 'mqtt://a', keepAlive: '1.5s' }, 'spec.mqtt.keepAlive: Found 1.5s, expected a multiple of 1s.'],
    [{ url: 'mqtt://a', keepAlive: '0s' }, 'spec.mqtt.keepAlive: Found 0s, expected 1s to 65535s.'],
    [{ url: 'mqtt://a', share: 'a/b' }, 'spec.mqtt.share: Found "a/b"'],
    [{ broker: { kind: 'mosquitto', replicas: 2 } }, 'spec.mqtt.broker.replicas: `replicas` is 2, and mosquitto'],
    ...[
      ['mkb-bridge', 'The user mkb-bridge is the bridge itself.'],
      ['mkb-exporter', 'The user mkb-exporter is the exporter.'],
      ['a:b', 'Mosquitto knows no user called "a:b"'],
      ['#a', 'Mosquitto knows no user called "#a"'],
      [' a', 'Mosquitto knows no user called " a"'],
      ['a\tb', 'Found "a\tb", expected a name without control characters.'],
    ].map(([username, message]): [object, string] => [
      { broker: { kind: 'mosquitto', users: [{ username, password: secret }] } },
      `spec.mqtt.broker.users[0].username: ${message}`,
    ]),
  ] as [Record<string, unknown>, string][])('%j is told', (mqtt, message) => {
    expect(ofMqtt(mqtt)).toEqual([expect.stringContaining(message)]);
  });

  it('several replicas need a shared subscription', () => {
    const bridge = { replicas: 2 };
    const url = 'mqtt://a';
    expect(toldOf({ bridge, mqtt: { url } })).toEqual([expect.stringContaining('spec.mqtt: `share` is missing')]);
    expect(toldOf({ bridge, mqtt: { url, share: 's' } })).toEqual([]);
  });
});

describe('kafka', () => {
  const login = { username: 'u', password: secret };
  const oauth = { tokenEndpoint: 'https://login/token', clientId: 'c', clientSecret: secret };

  it.each([
    [{ auth: { mechanism: 'plain', ...login } }],
    [{ auth: { mechanism: 'scram-sha-512', ...login }, tls: {} }],
    [{ auth: { mechanism: 'oauthbearer', oauth } }],
    [{ auth: { mechanism: 'oauthbearer', token: secret } }],
    [{ producer: { acks: 'none' } }],
    [{ producer: { acks: 'none', idempotent: false } }],
    [{ bootstrapServers: ['[::1]:9092', '10.0.0.1:1', 'a-b.c_d:65535'] }],
    [{ consumer: { offsetReset: 'none' } }],
    [{ consumer: { offsetReset: '24h' } }],
    [{ consumer: { offsetReset: '2028-02-29T23:59:59.123+05:30' } }],
    [{ consumer: { offsetReset: '2026-11-29T10:00Z' } }],
  ])('%j is fine', kafka => {
    expect(ofKafka(kafka)).toEqual([]);
  });

  it.each([
    [{ clusterRef: { name: 'k' } }, 'spec.kafka.clusterRef: `bootstrapServers` and `clusterRef` exclude each other'],
    [{ bootstrapServers: ['kafka'] }, 'spec.kafka.bootstrapServers[0]: Found "kafka", expected host:port'],
    [{ bootstrapServers: ['kafka:0'] }, 'spec.kafka.bootstrapServers[0]: Found port 0'],
    [{ bootstrapServers: [] }, 'spec.kafka.bootstrapServers: Found an empty list, expected at least 1 item.'],
    [{ auth: { mechanism: 'plain', username: 'u' } }, 'spec.kafka.auth: `password` is missing: plain needs it.'],
    [
      { auth: { mechanism: 'plain', ...login, token: secret } },
      'spec.kafka.auth.token: `token` is given, but plain does not use it.',
    ],
    [{ auth: { mechanism: 'oauthbearer' } }, 'spec.kafka.auth: One of `oauth` or `token` is missing'],
    [
      { auth: { mechanism: 'oauthbearer', oauth, token: secret } },
      'spec.kafka.auth.token: `oauth` and `token` exclude each other.',
    ],
    [
      { auth: { mechanism: 'oauthbearer', oauth, username: 'u' } },
      'spec.kafka.auth.username: `username` is given, but oauthbearer',
    ],
    [
      { producer: { acks: 'leader', idempotent: true } },
      'spec.kafka.producer.idempotent: `idempotent: true` needs `acks: all`, not leader.',
    ],
    ...['yesterday', 'by_duration:PT24H', '0h', '24', '2026-11-29', '2026-11-29T10:00:00', '2026-13-01T00:00Z'].map(
      offsetReset =>
        [
          { consumer: { offsetReset } },
          `spec.kafka.consumer.offsetReset: Found "${offsetReset}", expected earliest`,
        ] as [Record<string, unknown>, string],
    ),
    [
      { consumer: { offsetReset: '2026-02-30T00:00:00Z' } },
      'spec.kafka.consumer.offsetReset: Found 2026-02-30, expected a day that there is.',
    ],
    [{ producer: { linger: '2m' } }, 'spec.kafka.producer.linger: Found 2m, expected 0ms to 1m.'],
    [
      { topics: [{ name: 'a' }, { name: 'a' }] },
      'spec.kafka.topics[1].name: "a" is given twice: it is also item 1 of the list.',
    ],
    [{ topics: [{ name: 'a/b' }] }, 'spec.kafka.topics[0].name: Found "a/b", expected the name of a Kafka topic'],
    [{ topics: [{ name: '..' }] }, 'spec.kafka.topics[0].name: Found ".."'],
    [
      { topics: [{ name: 'a', config: { 'retention.ms': 5 } }] },
      'spec.kafka.topics[0].config["retention.ms"]: Found the number 5, expected text.',
    ],
  ])('%j is told', (kafka, message) => {
    expect(ofKafka(kafka)).toEqual([expect.stringContaining(message)]);
  });
});

describe('rules and delivery', () => {
  it.each([
    'cars',
    '${vin}',
    'cars.${vin}-x',
    '${.}',
    'a'.repeat(249),
    '${a/',
  ])('a record may go to the topic %.30s', topic => {
    expect(ofTopic(topic)).toEqual([]);
  });

  it.each([
    'a/b',
    '${vin}/x',
    '.',
    '..',
    'a b',
    'a'.repeat(250),
    'ü',
  ])('a record may not go to the topic %.30s', topic => {
    expect(ofTopic(topic)).toEqual([expect.stringContaining('spec.rules[0].sinks[0].kafka.topic: Found "')]);
  });

  it('a message is published to one topic and not to a filter', () => {
    const ofPublish = (topic: string) => toldOf({ rules: [{ name: 'a', sql: 'x', sinks: [{ mqtt: { topic } }] }] });
    expect(ofPublish('cars/${key}/commands')).toEqual([]);
    expect(ofPublish('cars/+/commands')).toEqual([
      expect.stringContaining('sinks[0].mqtt.topic: Found "cars/+/commands"'),
    ]);
  });

  it('rules have names of their own', () => {
    const rules = [ruleOf({ topic: 'a' }, 'same'), ruleOf({ topic: 'a' }, 'same')];
    expect(toldOf({ rules })).toEqual(['spec.rules[1].name: "same" is given twice: it is also item 1 of the list.']);
  });

  it('a failure is dropped or kept, not both', () => {
    const onFailure = { drop: {}, deadLetter: { topic: 'd' } };
    expect(toldOf({ delivery: { onFailure } })).toEqual([
      expect.stringContaining('`deadLetter` and `drop` exclude each other'),
    ]);
  });
});

it('a part that is broken does not hide what is wrong in another', () => {
  const kafka = { bootstrapServers, producer: { acks: 'none', idempotent: true } };
  expect(toldOf({ mqtt: { url: 5 }, kafka })).toEqual([
    expect.stringContaining('spec.mqtt.url: Found the number 5'),
    expect.stringContaining('spec.kafka.producer.idempotent'),
  ]);
});

describe('schemas', () => {
  const ofRegistry = (registry: Record<string, unknown>) => toldOf({ schemas: [{ name: 'cars', registry }] });
  const url = 'https://registry.example:8081/api';

  it.each([
    [{ url: 'http://registry:8081' }],
    [{ url, subject: 'cars-value', version: 2, auth: { token: secret }, tls: { ca: secret } }],
    [{ url, auth: { basic: { username: 'ada', password: secret } }, requestTimeout: '3s' }],
  ])('%j is fine', registry => {
    expect(ofRegistry(registry)).toEqual([]);
  });

  it.each([
    [{ url: 'http://r', tls: {} }, 'registry.tls: `tls` is given, but http:// is not encrypted.'],
    [{ url, version: 2 }, 'registry.version: `version` is given without `subject`.'],
    [{ url, tls: { cert: secret } }, 'registry.tls.cert: `cert` is given without `key`.'],
    [{ url: 'https://ada:pw@r' }, 'registry.url: Found "https://***@r", expected an address'],
    [{ url, auth: { basic: { username: 'a', password: secret }, token: secret } }, 'exclude each other'],
  ])('%j is not', (registry, message) => {
    expect(ofRegistry(registry).join('\n')).toContain(message);
  });
});
