// Somebody who moves has a configuration that works, and wants to see what of it stays, what changes, and what is lost.
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { convert, documentText } from '../../convert/convert.ts';
import { validateText } from '../../library/document.ts';

const secret = 'sEcReT-42';

interface Made {
  readonly from: string;
  /** The `spec` of each document. */
  readonly specs: readonly Record<string, unknown>[];
  readonly notes: readonly string[];
  readonly text: string;
}

const made = (source: string | object): Made => {
  const converted = convert(typeof source === 'string' ? source : JSON.stringify(source))!;
  const texts = converted.drafts.map(draft => documentText(draft, converted.from));
  const notes = converted.drafts.flatMap(draft => draft.notes);
  return { from: converted.from, specs: texts.map(text => parse(text).spec), notes, text: texts.join('---\n') };
};

const emqx = `
## By EMQX.
actions {
  kafka_producer {
    my_kafka {
      connector = kc
      parameters {
        compression = snappy
        kafka_ext_headers = [{kafka_ext_header_key = source, kafka_ext_header_value = "\${.topic}"}]
        max_linger_time = 5ms, required_acks = leader_only
        message {key = "\${.clientid}", timestamp = "\${.timestamp}", value = "\${.payload}"}
        topic = my-vehicles
      }
      resource_opts {query_mode = sync}
    }
  }
}
connectors.kafka_producer.kc {
  authentication {mechanism = scram_sha_256, password = "${secret}", username = bob}
  bootstrap_hosts = "kafka-1:9092, kafka-2:9092"
  ssl.enable = true // TLS
}
rule_engine { rules {
  vehicles {
    actions = ["kafka_producer:my_kafka", {function = republish, args {topic = "out/\${clientid}", payload = "\${.}", qos = 1}}]
    sql = """~
      SELECT
        payload, clientid, timestamp
      FROM "mqttx/simulate/tesla/{clientid}"
      ~"""
  }
  old { enable = false, sql = "SELECT * FROM \\"a\\"", actions = ["console"] }
} }
`;

describe('EMQX', () => {
  it('rules of cluster.hocon with their actions and connectors', () => {
    const { from, specs, notes } = made(emqx);
    expect(from).toBe('EMQX');
    expect(specs).toEqual([
      {
        mqtt: { url: 'mqtt://localhost:1883' },
        kafka: {
          bootstrapServers: ['kafka-1:9092', 'kafka-2:9092'],
          auth: { mechanism: 'scram-sha-256', username: 'bob', password: { valueFrom: { env: 'KAFKA_PASSWORD' } } },
          tls: {},
          producer: { acks: 'leader', compression: 'snappy', linger: '5ms' },
        },
        rules: [
          {
            name: 'vehicles',
            sql: 'SELECT\n  payload, clientid, timestamp\nFROM "mqttx/simulate/tesla/{clientid}"',
            sinks: [
              {
                kafka: {
                  topic: 'my-vehicles',
                  key: '${clientid}',
                  value: '${payload}',
                  timestamp: '${timestamp}',
                  queryMode: 'sync',
                  headers: [{ name: 'source', value: '${topic}' }],
                },
              },
              { mqtt: { topic: 'out/${clientid}', qos: 1 } },
            ],
          },
        ],
      },
    ]);
    expect(notes).toEqual([
      expect.stringContaining('mqtt.url is a guess'),
      expect.stringContaining('KAFKA_PASSWORD'),
      'The rule old is disabled, and was left out.',
    ]);
  });

  it('rules of the REST interface, where clientid has no place in the topic', () => {
    const { specs, notes } = made({
      rules: [{ id: 'r', sql: 'SELECT * FROM "t/#"', actions: ['kafka_producer:a', 'http:b'], enable: true }],
      actions: [
        {
          type: 'kafka_producer',
          name: 'a',
          connector: 'c',
          parameters: { topic: 'k', message: { key: '${.clientid}', value: '${.}' } },
        },
      ],
      connectors: [{ type: 'kafka_producer', name: 'c', bootstrap_hosts: 'h:9092', authentication: 'none' }],
    });
    expect(specs[0]!.rules).toEqual([
      { name: 'r', sql: 'SELECT * FROM "t/#"', sinks: [{ kafka: { topic: 'k', key: '${clientid}' } }] },
    ]);
    expect(notes).toContainEqual(expect.stringContaining('take it from the topic'));
    expect(notes).toContain('An action of the rule r has no counterpart: http:b');
  });

  it('a bridge of EMQX 5.0, which is connector and action in one', () => {
    const { specs } = made(`
bridges { kafka { "my-kafka" {
  bootstrap_hosts = "kafka:9092", authentication = none
  kafka { topic = "my-vehicles", message { key = "\${.payload.vin}", value = "\${.payload}" }, required_acks = all_isr }
} } }
rule_engine.rules.r { sql = "SELECT payload FROM \\"mqttx/simulate/#\\"", actions = ["kafka:my-kafka"] }`);
    expect(specs[0]!.kafka).toEqual({ bootstrapServers: ['kafka:9092'], producer: { acks: 'all' } });
    expect(specs[0]!.rules).toEqual([
      {
        name: 'r',
        sql: 'SELECT payload FROM "mqttx/simulate/#"',
        sinks: [{ kafka: { topic: 'my-vehicles', key: '${payload.vin}', value: '${payload}' } }],
      },
    ]);
  });

  it('a Kafka source', () => {
    const { specs } = made({
      rules: [
        {
          id: 'back',
          sql: 'SELECT * FROM "$sources/kafka_consumer:s"',
          actions: [
            { function: 'republish', args: { topic: 'a/${.key}', payload: '${.value}', qos: 0, retain: true } },
          ],
        },
      ],
      sources: [
        { type: 'kafka_consumer', name: 's', connector: 'c', parameters: { topic: 'commands', group_id: 'g' } },
      ],
      connectors: [{ type: 'kafka_consumer', name: 'c', bootstrap_hosts: 'h:9092' }],
    });
    expect(specs[0]!.rules).toEqual([
      {
        name: 'back',
        sql: 'SELECT * FROM "$kafka/commands"',
        sinks: [{ mqtt: { topic: 'a/${key}', payload: '${value}', qos: 0, retain: true } }],
      },
    ]);
    expect(specs[0]!.kafka).toMatchObject({ bootstrapServers: ['h:9092'], consumer: { groupId: 'g' } });
  });
});

describe('Kafka Connect', () => {
  it('the source of Confluent', () => {
    const { from, specs, notes } = made({
      name: 'mqtt',
      config: {
        'connector.class': 'io.confluent.connect.mqtt.MqttSourceConnector',
        'mqtt.server.uri': 'ssl://a:8883,ssl://b:8883',
        'mqtt.topics': 'x/#,y/+',
        'kafka.topic': 'k',
        'mqtt.qos': '2',
        'mqtt.username': 'me',
        'mqtt.password': secret,
        'mqtt.ssl.trust.store.path': '/etc/trust.jks',
        'tasks.max': '1',
      },
    });
    expect(from).toBe('Kafka Connect');
    expect(specs[0]!.mqtt).toMatchObject({ urls: ['mqtts://a:8883', 'mqtts://b:8883'], qos: 2 });
    expect(specs[0]!.rules).toEqual([
      { name: 'all', sql: 'SELECT payload FROM "x/#", "y/+"', sinks: [{ kafka: { topic: 'k', key: '${topic}' } }] },
    ]);
    expect(notes).toContain('mqtt.ssl.trust.store.path: /etc/trust.jks');
  });

  it('KCQL of Lenses', () => {
    const { specs, notes } = made({
      'connector.class': 'io.lenses.streamreactor.connect.mqtt.source.MqttSourceConnector',
      'connect.mqtt.hosts': 'tcp://h:1883',
      'connect.mqtt.kcql':
        'INSERT INTO kitchen SELECT temp, a.hum AS humidity FROM `/home/+/kitchen` WITHKEY(id) LIMIT 3; INSERT INTO raw SELECT * FROM a/#; nonsense',
    });
    expect(specs[0]!.rules).toEqual([
      {
        name: 'kitchen',
        sql: 'SELECT payload.temp AS temp, payload.a.hum AS humidity FROM "/home/+/kitchen"',
        sinks: [{ kafka: { topic: 'kitchen', key: '${payload.id}' } }],
      },
      { name: 'raw', sql: 'SELECT payload FROM "a/#"', sinks: [{ kafka: { topic: 'raw' } }] },
    ]);
    expect(notes).toEqual(
      expect.arrayContaining(['KCQL: LIMIT 3', 'A statement of connect.mqtt.kcql could not be read.']),
    );
  });

  it('the kamelet of Camel, and a sink of Confluent', () => {
    const camel = made({
      'connector.class': 'org.apache.camel.kafkaconnector.mqttsource.CamelMqttsourceSourceConnector',
      topics: 'k',
      'camel.kamelet.mqtt-source.topic': 'a/#',
      'camel.kamelet.mqtt-source.brokerUrl': 'tcp://h:1883',
    });
    expect(camel.specs[0]!.rules).toEqual([
      { name: 'all', sql: 'SELECT payload FROM "a/#"', sinks: [{ kafka: { topic: 'k' } }] },
    ]);
    const sink = made({
      'connector.class': 'io.confluent.connect.mqtt.MqttSinkConnector',
      topics: 'c',
      'mqtt.server.uri': 'tcp://h:1883',
    });
    expect(sink.specs[0]!.rules).toEqual([
      {
        name: 'all',
        sql: 'SELECT value FROM "$kafka/c"',
        sinks: [{ mqtt: { topic: '${topic}', payload: '${value}' } }],
      },
    ]);
  });
});

describe('Redpanda Connect and Bento', () => {
  it('a stream to Kafka, with a mapping of assignments', () => {
    const { from, specs, notes } = made(`
input: {mqtt: {urls: ["tcp://me:${secret}@h:1883"], topics: ["cars/#"], client_id: rc, qos: 1}}
pipeline:
  processors:
    - mapping: |
        root.speed = this.speed # km/h
        root.lat = this.location.latitude
output:
  kafka_franz:
    seed_brokers: ["k:9092"]
    topic: cars
    key: \${! json("vin") }
    compression: lz4
    sasl: [{mechanism: SCRAM-SHA-512, username: me, password: ${secret}}]
    batching: {period: 10ms, count: 100}
    partitioner: murmur2_hash
`);
    expect(from).toBe('Redpanda Connect');
    expect(specs[0]).toMatchObject({
      mqtt: { url: 'mqtt://h:1883', auth: { username: 'me' } },
      kafka: { producer: { compression: 'lz4', linger: '10ms' }, auth: { mechanism: 'scram-sha-512' } },
      rules: [
        {
          sql: 'SELECT payload.speed AS speed, payload.location.latitude AS lat FROM "cars/#"',
          sinks: [{ kafka: { topic: 'cars', key: '${payload.vin}' } }],
        },
      ],
    });
    expect(notes).toContain('output.kafka_franz.partitioner: murmur2_hash');
  });

  it('leaves any other processor to a person, and shows no secret of it', () => {
    const { specs, notes } = made({
      input: { mqtt_v5: { urls: ['tcp://h:1883'], topics: ['a'] } },
      pipeline: {
        processors: [{ mapping: 'root = this.map_each(x -> x)' }, { http: { headers: { Authorization: secret } } }],
      },
      output: { kafka: { addresses: ['k:9092'], topic: 't-${! uuid_v4() }' } },
    });
    expect(specs[0]!.rules).toMatchObject([{ sql: 'SELECT payload FROM "a"' }]);
    expect(notes).toEqual(
      expect.arrayContaining([
        'A processor is to be written as SQL: root = this.map_each(x -> x)',
        'A processor is to be written as SQL: http',
        'The interpolation ${! uuid_v4() } is to be written as a template.',
      ]),
    );
  });

  it('a stream from Kafka to MQTT', () => {
    const { specs } = made({
      input: { kafka_franz: { seed_brokers: ['k:9092'], topics: ['commands'], consumer_group: 'g' } },
      output: { mqtt: { urls: ['tcp://h:1883'], topic: 'cmd/${! @kafka_key }', qos: 1, retained: true } },
    });
    expect(specs[0]!.rules).toEqual([
      {
        name: 'all',
        sql: 'SELECT value FROM "$kafka/commands"',
        sinks: [{ mqtt: { topic: 'cmd/${key}', payload: '${value}', qos: 1, retain: true } }],
      },
    ]);
  });
});

it('Telegraf', () => {
  const { from, specs, notes } = made(`
[[inputs.mqtt_consumer]]
  servers = ["ssl://b:8883"]
  topics = ["sensors/#"]
  qos = 1
  persistent_session = true
  password = "${secret}"
  data_format = "json_v2"
  topic_tag = "topic"
[[outputs.kafka]]
  brokers = ["k:9092"]
  topic = "telegraf"
  routing_tag = "topic"
  compression_codec = 4
  required_acks = -1
[[processors.rename]]
`);
  expect(from).toBe('Telegraf');
  expect(specs).toEqual([
    {
      mqtt: { url: 'mqtts://b:8883', qos: 1 },
      kafka: { bootstrapServers: ['k:9092'], producer: { compression: 'zstd', acks: 'all' } },
      rules: [
        {
          name: 'all',
          sql: 'SELECT payload FROM "sensors/#"',
          sinks: [{ kafka: { topic: 'telegraf', key: '${topic}' } }],
        },
      ],
    },
  ]);
  expect(notes).toEqual([
    'processors.rename has no counterpart in the document.',
    expect.stringContaining('parsed payloads as json_v2'),
    'inputs.mqtt_consumer topic_tag: topic',
  ]);
});

describe('what comes out', () => {
  const sources: readonly (readonly [from: string, source: string | object])[] = [
    ['EMQX', emqx],
    [
      'Kafka Connect',
      {
        'connector.class': 'io.confluent.connect.mqtt.MqttSourceConnector',
        'mqtt.server.uri': 'tcp://h:1883',
        'mqtt.topics': 'a',
        'kafka.topic': 'k',
        'mqtt.password': secret,
        'other.password': secret,
        'mqtt.username': 'u',
      },
    ],
    [
      'Redpanda Connect',
      {
        input: { mqtt: { urls: [`tcp://u:${secret}@h:1883`], topics: ['a'], password: secret } },
        output: { kafka_franz: { seed_brokers: ['k:9092'], topic: 't', token: secret } },
      },
    ],
  ];
  it.each(sources)('of %s is a valid document, without a secret', (_from, source) => {
    const { text } = made(source);
    expect(validateText(text, 'made.yaml').problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(text).not.toContain(secret);
  });

  it.each([
    '',
    'a: b',
    '[]',
    '{',
    'null',
    '- 1',
    'x = {',
    'sql',
    '{"rules": 1}',
    '[[inputs.cpu]]',
    'a { b { c = 1',
  ])('is nothing for %j', text => {
    expect(convert(text)).toBeUndefined();
  });

  it.each([
    '['.repeat(100_000),
    '{"a":'.repeat(5000),
    'a {'.repeat(100_000),
    'a.'.repeat(100_000),
  ])('is nothing for what is nested without end', text => {
    expect(convert(text)).toBeUndefined();
  });
});
