// A report that is sent to somebody else must not hold a password, wherever a person or a program has put it.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scrub } from '../../cli/report-scrub.ts';
import { mkb } from './mkb-process.ts';

const { privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const keyLine = privateKey.split('\n')[1]!;
const jwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"sub":"me"}').toString('base64url')}.${randomBytes(32).toString('base64url')}`;
const deviceToken = 'Qx7fJ2kLm9Pz4RtV8wYb';

/** What must be in no file, by where it was put. */
const secrets = {
  'a password in the document': 'hunter2-mqtt',
  'a short password': 'pw5!',
  'a password that is a common word': 'letmein',
  'a password of a variable': 'from the environment',
  'a password of a file': 'päss/wörd "quoted"',
  'a private key': keyLine,
  'a passphrase': 'open sesame 42',
  'a header of a WebSocket': 'ws-header-value',
  'a token in an address': 'url-query-token',
  'a password of Kafka': 'kafka+pass=word',
  'a password of a registry': 'registry-pass',
  'a key of a buffer': randomBytes(32).toString('base64'),
  'a password in an annotation': 'annotated-pass',
  'a password in a comment': 'commented-pass',
  'a key in a header of records': 'record-api-key',
  'a password in a wrong place': 'misplaced-pass',
  'a token in a list': 'listed-token',
  'a token in a topic': deviceToken,
  'a JWT in a log': jwt,
  'a login in the address of a log': 'logged-in-pass',
  'a bearer token of a log': 'bearer.of.logs',
  'a password behind a name in a log': 'named-in-log',
  'a password in quotes with spaces in a log': 'two words',
  'a secret of a JSON log': 'json-logged',
  'a login of JAAS': 'jaas-login-pass',
} as const;

let folder: string;
let server: Server;
let url: string;

const document = (): string => `# password: ${secrets['a password in a comment']}
apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata:
  name: cars
  annotations: {our-password: ${secrets['a password in an annotation']}}
spec:
  mqtt:
    url: "wss://127.0.0.1:1/mqtt?token=${secrets['a token in an address']}"
    auth: {username: me, password: {value: ${secrets['a password in the document']}}}
    webSocket: {headers: [{name: X-Auth, value: ${secrets['a header of a WebSocket']}}]}
    tls: {key: {valueFrom: {file: ${folder}/key.pem}}, passphrase: {value: ${secrets['a passphrase']}}}
  kafka:
    bootstrapServers: ["127.0.0.1:1"]
    auth: {mechanism: plain, username: us, password: {value: "${secrets['a password of Kafka']}"}}
  schemas:
    - {name: s, registry: {url: "http://127.0.0.1:1", subject: s, auth: {basic: {username: r, password: {value: ${secrets['a password of a registry']}}}}}}
  rules:
    - name: all
      sql: SELECT payload FROM "devices/${deviceToken}/state"
      sinks: [{kafka: {topic: cars, headers: [{name: api-key, value: ${secrets['a key in a header of records']}}]}}]
  delivery: {buffer: {mode: disk, path: /nowhere, encryptionKey: {value: "${secrets['a key of a buffer']}"}}}
---
apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: other}
spec:
  mqtt: {url: "mqtt://127.0.0.1:1", auth: {username: me, password: {valueFrom: {env: REPORT_TEST_PASSWORD}}}}
  kafka:
    bootstrapServers: ["127.0.0.1:1"]
    auth: {mechanism: plain, username: us, password: {valueFrom: {file: ${folder}/pass}}}
  rules: [{name: all, sql: 'SELECT payload FROM "t"', sinks: [{kafka: {topic: cars}}]}]
---
kind: MqttKafkaBridge
spec:
  schema: {registry: {auth: {password: {value: ${secrets['a password in a wrong place']}}, token: ["${secrets['a token in a list']}"]}}}
  mqtt: {auth: {pasword: {value: "${secrets['a short password']}"}, password: ${secrets['a password that is a common word']}}}
`;

const log = (): string =>
  [
    ...Object.values(secrets).map(secret => JSON.stringify({ level: 30, msg: `said ${secret} and more` })),
    ...Object.values(secrets).map(
      secret => `retrying with ${encodeURIComponent(secret)} or ${Buffer.from(secret).toString('base64')}`,
    ),
    `Authorization: Bearer ${secrets['a bearer token of a log']}`,
    `connect to amqp://user:${secrets['a login in the address of a log']}@host/x failed`,
    `db_password=${secrets['a password behind a name in a log']} retries=3`,
    `password: "${secrets['a password in quotes with spaces in a log']}"`,
    JSON.stringify({ level: 50, err: { clientSecret: secrets['a secret of a JSON log'] } }),
    `sasl.jaas.config=org.apache.kafka.PlainLoginModule required username="u" password="${secrets['a login of JAAS']}";`,
    privateKey,
    'the last line stays',
  ].join('\n');

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'mkb-report-'));
  writeFileSync(path.join(folder, 'key.pem'), privateKey);
  writeFileSync(path.join(folder, 'pass'), `${secrets['a password of a file']}\n`);
  writeFileSync(path.join(folder, 'bridge.yaml'), document());
  server = createServer((request, response) =>
    response.end(
      `# page ${request.url}\nmkb_up 1\nlogin ${secrets['a password in the document']}, "${secrets['a password of Kafka']}"\n`,
    ),
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** Those that only a log line without a name or a form would show, and that no document names, can be known by nobody. */
const knownOrNamed = Object.entries(secrets);
const unnamed = new Set<string>([
  'a password in a comment',
  'a login in the address of a log',
  'a bearer token of a log',
  'a password behind a name in a log',
  'a password in quotes with spaces in a log',
  'a secret of a JSON log',
  'a login of JAAS',
  'a token in an address',
]);

describe('mkb report', () => {
  let all: Record<string, string>;
  beforeAll(async () => {
    const lines = log().split('\n');
    // What nobody names cannot be known for a secret in the middle of a sentence.
    const bare = [...unnamed].map(name => secrets[name as keyof typeof secrets]);
    const isBare = (line: string) =>
      /^(\{"level":30|retrying)/.test(line) &&
      bare.some(each =>
        [each, encodeURIComponent(each), Buffer.from(each).toString('base64')].some(form => line.includes(form)),
      );
    writeFileSync(path.join(folder, 'log'), lines.filter(line => !isBare(line)).join('\n'));
    const output = path.join(folder, 'out.tar.gz');
    const args = [
      'report',
      path.join(folder, 'bridge.yaml'),
      '--url',
      url,
      '--log',
      path.join(folder, 'log'),
      '--output',
      output,
    ];
    const { code, stdout, stderr } = await mkb(args, {
      env: { REPORT_TEST_PASSWORD: secrets['a password of a variable'] },
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Written: ${output}. Look at it before you send it.`);
    expect(statSync(output).mode & 0o777).toBe(0o600);
    execFileSync('tar', ['-xzf', output, '-C', folder]);
    const [inside] = globSync('mkb-report-*/', { cwd: folder });
    all = Object.fromEntries(
      readdirSync(path.join(folder, inside!)).map(name => [
        name,
        readFileSync(path.join(folder, inside!, name), 'utf8'),
      ]),
    );
  });

  it('has a file for each thing', () => {
    expect(Object.keys(all).sort()).toEqual([
      'about.json',
      'doctor-1.json',
      'document-1.yaml',
      'document-2.yaml',
      'document-3.yaml',
      'effective-1.yaml',
      'healthz.txt',
      'log.txt',
      'metrics.txt',
      'problems.txt',
      'readyz.txt',
    ]);
  });

  it.each(knownOrNamed)('has nowhere %s', (_name, secret) => {
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ])
      for (const [file, text] of Object.entries(all)) expect(text.includes(form), `${file}: ${form}`).toBe(false);
  });

  it('still says what helps', () => {
    expect(all['document-1.yaml']).toContain('bootstrapServers:\n      - 127.0.0.1:1');
    expect(all['document-1.yaml']).toContain('/state"');
    expect(all['document-1.yaml']).toContain(`file: ${folder}/key.pem`);
    expect(all['metrics.txt']).toContain('HTTP 200\n\n# page /metrics\nmkb_up 1\n');
    expect(all['log.txt']).toContain('the last line stays');
    expect(all['log.txt']).toContain('retries=3');
    expect(JSON.parse(all['about.json']!)).toMatchObject({ node: process.version });
    expect(JSON.parse(all['doctor-1.json']!).length).toBeGreaterThan(0);
    expect(all['problems.txt']).toContain('pasword');
  });
});

it('has what the operator says of a bridge, and not what the bridge was applied with', async () => {
  const password = 'applied-password';
  const time = '2026-11-30T10:00:00Z';
  const bridge = {
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: {
      ...{ name: 'cars', namespace: 'shop', uid: 'u', resourceVersion: '1' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"password": {"value": "${password}"}}` },
      managedFields: [{ manager: 'kubectl' }],
    },
    spec: { mqtt: { auth: { username: 'me', password: { value: password } } } },
    status: { conditions: [{ type: 'Ready', status: 'False', message: `login with ${password} was refused` }] },
  };
  const api = createServer((request, response) => {
    const events = {
      kind: 'EventList',
      metadata: { resourceVersion: '1' },
      items: [{ metadata: { creationTimestamp: time }, lastTimestamp: time, reason: 'Refused', message: password }],
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url!.includes('/events') ? events : bridge));
  });
  await new Promise<void>(resolve => api.listen(0, '127.0.0.1', resolve));
  try {
    const address = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c', users: [{ name: 'u', user: {} }] },
      clusters: [{ name: 'c', cluster: { server: address, 'insecure-skip-tls-verify': true } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    };
    writeFileSync(path.join(folder, 'kubeconfig'), JSON.stringify(config));
    const output = path.join(folder, 'operator');
    const args = ['report', '--bridge', 'shop/cars', '--kubeconfig', path.join(folder, 'kubeconfig')];
    expect((await mkb([...args, '--url', url, '--output', output])).code).toBe(0);
    const text = readFileSync(path.join(output, 'operator.json'), 'utf8');
    expect(text).toMatch(/^\{/);
    const state = JSON.parse(text);
    expect(state.bridge.status.conditions[0]).toMatchObject({ type: 'Ready', status: 'False' });
    expect(state.events).toMatchObject([{ reason: 'Refused' }]);
    expect(state.bridge.metadata).toEqual({ name: 'cars', namespace: 'shop', uid: 'u', resourceVersion: '1' });
    expect(JSON.stringify(state)).not.toContain(password);
  } finally {
    api.close();
  }
});

it('a report is made when nothing answers and nothing is right, into a folder too', async () => {
  writeFileSync(path.join(folder, 'broken.yaml'), 'a: [\npassword: hunter2');
  const output = path.join(folder, 'out');
  const args = [
    'report',
    path.join(folder, 'broken.yaml'),
    '--url',
    'http://127.0.0.1:1',
    '--log',
    '/none',
    '--output',
    output,
  ];
  expect((await mkb(args)).code).toBe(0);
  expect(readFileSync(path.join(output, 'metrics.txt'), 'utf8')).toContain('It could not be had: ');
  expect(readFileSync(path.join(output, 'log.txt'), 'utf8')).toContain('It could not be had: ');
  expect(
    readdirSync(output)
      .map(name => readFileSync(path.join(output, name), 'utf8'))
      .join(''),
  ).not.toContain('hunter2');
  const again = await mkb(args);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('which is not a new file or folder')]);
});

it.each([
  ['a path with a topic', 'mqttx/simulate/tesla/car-1'],
  ['a time', '2026-11-30T10:00:00.123Z'],
  ['a name of a Pod', 'vehicles-bridge-0.vehicles-bridge.brokers'],
  ['a metric', 'mkb_messages_received_total{bridge="cars",source="mqtt"} 1200345678901'],
  ['an error code', 'kafka-not-authorised'],
  ['a reference to a secret', 'password:\n  valueFrom:\n    secretKeyRef: {name: mqtt, key: password}'],
  ['a remedy', 'Give the password in spec.mqtt.auth.password.'],
  ['a long word', 'MqttKafkaBridgeIsNotReady internationalisation'],
])('%s stays as it is', (_name, text) => {
  expect(new Scrub().text(text)).toBe(text);
});

it('the same secret has the same number', () => {
  const scrub = new Scrub();
  scrub.add('hunter2-mqtt');
  expect(scrub.text('a hunter2-mqtt b hunter2-mqtt password=else')).toBe(
    'a [secret 1] b [secret 1] password=[secret 2]',
  );
});
