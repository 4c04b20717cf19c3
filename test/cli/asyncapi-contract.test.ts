// A bridge could not be found in the catalogue of a company, because nothing said which topics it reads and writes.
import { globSync } from 'node:fs';
import specifications from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { loadText } from '../../api/load.ts';
import { asyncapiOf } from '../../cli/asyncapi/contract.ts';
import { checksFor, loadChecked } from '../../cli/documents.ts';

interface Contract {
  readonly servers: Record<string, { host: string; pathname?: string; protocol: string; protocolVersion?: string }>;
  readonly channels: Record<string, { address: string | null; messages?: Record<string, object> }>;
  readonly operations: Record<string, { action: string; channel: { $ref: string }; bindings?: object }>;
  readonly components?: object;
}

// The standard's schema has the one of JSON Schema inside, and formats that only its own tools know.
const ajv = new Ajv({ strict: false, meta: false, validateSchema: false, validateFormats: false, allErrors: true });
const validate = ajv.compile(specifications.schemas['3.1.0']);

/** What a reference from the root leads to. */
const target = (contract: object, reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], contract);

/** All that the standard's schema says, and what it cannot: that references lead somewhere. */
const problemsOf = (contract: object): unknown[] => {
  validate(contract);
  const references = [...JSON.stringify(contract).matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference]) => reference!);
  return [...(validate.errors ?? []), ...references.filter(each => target(contract, each) === undefined)];
};

const documentOf = (spec: object) => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: 'cars' },
  spec: { mqtt: { url: 'mqtt://a' }, kafka: { bootstrapServers: ['a:9092'] }, ...spec },
});

const contractOf = (spec: object): Contract => {
  const { documents, problems } = loadText(JSON.stringify(documentOf(spec)), 'x', {
    checks: checksFor('anywhere'),
  });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const contract = asyncapiOf(documents[0]!.document, '1.0.0');
  expect(problemsOf(contract)).toEqual([]);
  return contract as Contract;
};

const rule = (sql: string, ...sinks: object[]) => ({ name: 'r', sql, sinks });
const kafka = (topic: string, more: object = {}) => ({ kafka: { topic, ...more } });

it('the schema of the standard refuses what is wrong', () => {
  expect(problemsOf({ asyncapi: '3.1.0', info: { title: 'x', version: '1' } })).toEqual([]);
  expect(problemsOf({ asyncapi: '3.1.0', info: { title: 'x' } })).not.toEqual([]);
  expect(
    problemsOf({
      asyncapi: '3.1.0',
      info: { title: 'x', version: '1' },
      channels: { a: { bindings: { kafka: { partitions: 0, bindingVersion: '0.5.0' } } } },
    }),
  ).not.toEqual([]);
});

it.each(globSync('examples/*.yaml').sort())('the contract of %s is one by the standard', async file => {
  const { documents } = await loadChecked([file], 'anywhere');
  const contract = asyncapiOf(documents[0]!.document, '1.0.0') as Contract;
  expect(problemsOf(contract)).toEqual([]);
  expect(Object.keys(contract.operations).length).toBeGreaterThan(1);
});

describe('channels', () => {
  it.each<[name: string, sql: string, sink: object, channels: [string | null, string][]]>([
    [
      'captures',
      'SELECT vin FROM "cars/{vin}/+/#"',
      kafka('t'),
      [
        ['cars/{vin}/{level3}/{rest}', 'receive'],
        ['t', 'send'],
      ],
    ],
    [
      'parts of a level',
      'SELECT id FROM "home/switch:{id}/on"',
      kafka('t'),
      [
        ['home/switch:{id}/on', 'receive'],
        ['t', 'send'],
      ],
    ],
    [
      'the rest of a topic',
      'SELECT path FROM "a/{path}#"',
      kafka('t'),
      [
        ['a/{path}', 'receive'],
        ['t', 'send'],
      ],
    ],
    [
      'patterns over Kafka topics',
      'SELECT value FROM "$kafka/{site}.orders-*"',
      { mqtt: { topic: 'o' } },
      [
        ['{site}.orders-{part2}', 'receive'],
        ['o', 'send'],
      ],
    ],
    [
      'templates',
      'SELECT payload, site FROM "a/{site}"',
      kafka(`t-\${site}-\${payload.kind:-other}-\${site}`),
      [
        ['a/{site}', 'receive'],
        ['t-{site}-{payload_kind}-{site}', 'send'],
      ],
    ],
    [
      'events of the bridge, which nobody sends',
      'SELECT reason FROM "$events/message/dropped"',
      kafka('t'),
      [['t', 'send']],
    ],
    [
      'braces of a topic itself',
      'SELECT value FROM "$kafka/k"',
      { mqtt: { topic: 'a{b/c' } },
      [
        ['k', 'receive'],
        [null, 'send'],
      ],
    ],
    [
      'one topic for both ways',
      'SELECT value FROM "a/b", "$kafka/k"',
      { mqtt: { topic: 'a/b/c' } },
      [
        ['a/b', 'receive'],
        ['k', 'receive'],
        ['a/b/c', 'send'],
      ],
    ],
  ])('%s', (_name, sql, sink, expected) => {
    const contract = contractOf({ rules: [rule(sql, sink)] });
    const found = Object.values(contract.operations).map(({ action, channel }) => [
      (target(contract, channel.$ref) as { address: string | null }).address,
      action,
    ]);
    expect(found).toEqual(expected);
  });

  it('a topic that several rules read is one, and topics whose names differ in signs are not', () => {
    const rules = ['a/b', 'a.b', 'a/b'].map((topic, at) => ({
      ...rule(`SELECT payload FROM "${topic}"`, kafka('t')),
      name: `r${at}`,
    }));
    const { channels } = contractOf({ rules });
    expect(Object.entries(channels).map(([name, { address }]) => [name, address])).toEqual([
      ['mqtt.a.b', 'a/b'],
      ['kafka.t', 't'],
      ['mqtt.a.b-2', 'a.b'],
    ]);
  });

  it('have the settings of topics that the document makes, and where failed messages go', () => {
    const { channels, operations } = contractOf({
      kafka: {
        bootstrapServers: ['a:9092'],
        topics: [
          {
            name: 't',
            partitions: 12,
            replicas: -1,
            config: { 'cleanup.policy': 'compact,delete', 'retention.ms': '5' },
          },
        ],
      },
      delivery: { onFailure: { deadLetter: { topic: 'letters' } } },
      rules: [rule('SELECT payload FROM "a"', kafka('t'))],
    });
    expect(channels['kafka.t']).toMatchObject({
      bindings: {
        kafka: { partitions: 12, topicConfiguration: { 'cleanup.policy': ['compact', 'delete'], 'retention.ms': 5 } },
      },
    });
    expect(operations['on-failure']).toMatchObject({ action: 'send', channel: { $ref: '#/channels/kafka.letters' } });
  });
});

describe('messages', () => {
  const json = '{"type": "object", "properties": {"x": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "number"}}}';
  const avro = '{"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}]}';
  const schemas = [
    { name: 'j', json },
    { name: 'a', avro },
    { name: 'p', protobuf: 'syntax = "proto3"; message P { int32 x = 1; }' },
    { name: 'r', registry: { url: 'http://registry.example:8081', subject: 'points' } },
  ];
  const only = (contract: Contract, channel: string): object[] =>
    Object.values(contract.channels[channel]!.messages ?? {});

  it.each<[sql: string, sink: object, sent: object]>([
    [
      'SELECT payload.speed AS speed, vin FROM "a/{vin}"',
      {},
      { payload: { type: 'object', properties: { speed: {}, vin: { type: 'string' } } } },
    ],
    ['SELECT payload FROM "a/+"', {}, {}],
    [`SELECT payload FROM "a/+" WHERE schema_check('j', payload)`, {}, { payload: { $ref: '#/components/schemas/j' } }],
    [
      `SELECT schema_encode('a', {x: 1}) AS b FROM "a/+"`,
      { value: `\${b}` },
      { payload: { $ref: '#/components/schemas/a' } },
    ],
    [
      `SELECT schema_encode('p', {x: 1}) AS b FROM "a/+"`,
      { value: `\${b}` },
      { payload: { $ref: '#/components/schemas/p' } },
    ],
    [
      `SELECT schema_encode('r', {x: 1}) AS b FROM "a/+"`,
      { value: `\${b}` },
      { description: "Begins with the id of its schema in a registry (Confluent's format, subject points)." },
    ],
    ['SELECT payload.x AS x FROM "a/+"', { value: `x=\${x}` }, {}],
    [
      'SELECT payload.x AS x FROM "a/+"',
      { cloudEvents: { mode: 'structured', type: 't', source: '/s' } },
      { contentType: 'application/cloudevents+json' },
    ],
  ])('%s', (sql, sink, sent) => {
    const [message, ...others] = only(contractOf({ schemas, rules: [rule(sql, kafka('t', sink))] }), 'kafka.t');
    expect(others).toEqual([]);
    const { contentType, ...rest } = message as { contentType?: string };
    expect('contentType' in sent ? message : rest).toEqual(sent);
    const isRow = JSON.stringify(sent).includes('"type":"object"');
    expect(contentType === 'application/json').toBe(isRow);
  });

  it('that are decoded by a schema have it, and its references lead into the contract', () => {
    const sql = `SELECT schema_decode('j', payload) AS p FROM "a/+"`;
    const contract = contractOf({ schemas, rules: [rule(sql, kafka('t'))] });
    expect(only(contract, 'mqtt.a.level2')).toEqual([{ payload: { $ref: '#/components/schemas/j' } }]);
    expect(contract.components).toMatchObject({
      schemas: { j: { schema: { properties: { x: { $ref: '#/components/schemas/j/schema/$defs/n' } } } } },
    });
  });

  it('to MQTT have QoS and retain, and records their key', () => {
    const contract = contractOf({
      rules: [
        rule(
          'SELECT value, key FROM "$kafka/k"',
          { mqtt: { topic: `c/\${key}`, qos: 2, retain: true, messageExpiry: '60', payloadFormat: 'utf8' } },
          kafka('t', { key: `\${key}` }),
        ),
      ],
    });
    expect(contract.operations['r-send']!.bindings).toEqual({
      mqtt: { qos: 2, retain: true, messageExpiryInterval: 60, bindingVersion: '0.2.0' },
    });
    expect(only(contract, 'mqtt.c.key')).toMatchObject([{ bindings: { mqtt: { payloadFormatIndicator: 1 } } }]);
    expect(only(contract, 'kafka.t')).toMatchObject([{ bindings: { kafka: { key: { description: `\${key}` } } } }]);
  });
});

describe('servers', () => {
  const rules = [rule('SELECT payload FROM "a"', kafka('t'))];
  it.each<[mqtt: object, servers: object]>([
    [
      { urls: ['mqtts://a:8883', 'wss://b/mqtt'], version: '5' },
      {
        mqtt: { host: 'a:8883', protocol: 'mqtts', protocolVersion: '5' },
        'mqtt-2': { host: 'b', pathname: '/mqtt', protocol: 'wss', protocolVersion: '5' },
      },
    ],
    [{ broker: { kind: 'mosquitto', anonymous: true } }, { mqtt: { host: '{host}', protocol: 'mqtt' } }],
    [{ brokerRef: { name: 'e' } }, { mqtt: { host: '{host}', protocol: 'mqtt' } }],
    [{ listen: [{ port: 1883 }], clients: { anonymous: true } }, { mqtt: { host: '{host}:1883', protocol: 'mqtt' } }],
  ])('%j', (mqtt, servers) => {
    expect(contractOf({ mqtt, rules }).servers).toMatchObject(servers);
  });

  it.each<[kafka: object, servers: object]>([
    [
      { bootstrapServers: ['a:9092', '[::1]:9093'], tls: {} },
      { kafka: { host: 'a:9092', protocol: 'kafka-secure' }, 'kafka-2': { host: '[::1]:9093' } },
    ],
    [{ clusterRef: { name: 'k' } }, { kafka: { host: '{host}', protocol: 'kafka' } }],
  ])('%j', (cluster, servers) => {
    expect(contractOf({ kafka: cluster, rules }).servers).toMatchObject(servers);
  });
});

it('no secret of a document is in its contract', () => {
  const secret = (at: string) => `hush-${at}-9f8e7d6c5b4a`;
  const text = JSON.stringify(
    contractOf({
      mqtt: {
        url: `wss://a/mqtt/v5/${secret('path')}?token=${secret('query')}&x={y}`,
        auth: { username: secret('user'), password: { value: secret('password') } },
        webSocket: { headers: [{ name: 'Authorization', value: secret('header') }] },
      },
      kafka: {
        bootstrapServers: ['a:9092'],
        auth: { mechanism: 'plain', username: secret('kafka-user'), password: { value: secret('kafka-password') } },
        tls: {},
      },
      schemas: [
        {
          name: 'r',
          registry: {
            url: `http://registry/${secret('registry')}`,
            subject: 's',
            auth: { basic: { username: secret('registry-user'), password: { value: secret('registry-password') } } },
          },
        },
      ],
      rules: [
        rule(
          `SELECT payload, '${secret('sql')}' AS x, schema_encode('r', {}) AS b FROM "a"`,
          kafka('t', { headers: [{ name: 'x-token', value: secret('record-header') }], value: `\${b}` }),
          {
            mqtt: {
              topic: 'b',
              userProperties: [{ name: 'x-token', value: secret('property') }],
              payload: secret('payload'),
            },
          },
        ),
      ],
    }),
  );
  expect(text).toContain('"pathname":"/mqtt/v5/***"');
  expect(text).toContain('x-token');
  expect(text.match(/hush-[a-z-]*|9f8e7d6c5b4a/g)).toBe(null);
});
