/** What can be said of the demo's files without Docker. `docker compose config` has a test of its own (compose-config.test.ts). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { durationMs } from '../../api/units.ts';
import { loadChecked } from '../../cli/documents.ts';
import { loadExporter } from '../../exporter/config/load.ts';
import { composeFolder, demoVariables } from './stack.ts';

interface Service {
  readonly image: string;
  readonly container_name: string;
  readonly healthcheck?: { readonly interval: string; readonly timeout: string; readonly retries: number };
  readonly attach?: boolean;
  readonly mem_limit?: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const text = (file: string) => readFileSync(join(composeFolder, file), 'utf8');
const files = ['compose.yaml', 'compose.mosquitto.yaml', 'compose.tls.yaml', 'compose.listen.yaml'];
const tag = (name: string) => ({ tag: name, collection: 'seq' as const });

const servicesOf = (file: string): [string, Service][] => {
  const options = { merge: true, customTags: ['!reset', '!override'].map(tag) as never, logLevel: 'silent' as const };
  return Object.entries(parse(text(file), options).services);
};
const services = servicesOf('compose.yaml');
const variables = demoVariables();

describe('demo/compose/compose.yaml', () => {
  it('has the containers that the documentation names', () => {
    const names = services.map(([, { container_name }]) => container_name);
    const documented = ['emqx', 'kafka', 'mqttx', 'bridge', 'simulator', 'exporter', 'prometheus', 'grafana'];
    expect(names).toEqual(expect.arrayContaining(documented));
  });

  it.each(services)('%s: has an image with a pinned version, and a limit of memory', (_, { image, mem_limit }) => {
    const resolved = image.replace(/\$\{(\w+)\}/g, (_all, name) => variables[name] ?? '');
    expect(resolved).toMatch(/^[a-z/-]+:v?\d+\.\d+\.\d+[a-z-]*$/);
    expect(mem_limit).toMatch(/^\d+[mg]$/);
  });

  it.each(services)('%s: cannot gain privileges', (_, { cap_drop, security_opt }) => {
    expect(cap_drop).toEqual(['ALL']);
    expect(security_opt).toContain('no-new-privileges:true');
  });

  it.each(services.filter(([name]) => name !== 'secrets'))('%s: has a health check', (_, { healthcheck }) => {
    expect(healthcheck).toBeDefined();
  });

  it.each(services.filter(([, { image }]) => image.startsWith('mkb:')))('%s: cannot write', (name, service) => {
    expect(service.read_only).toBe(true);
    // Chaos alone is root: the engine's socket is open to root only.
    expect(service.user).toBe(name === 'chaos' ? '0:0' : '1000:1000');
  });

  it.each(services)('%s: opens ports on this machine only, unless .env says otherwise', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^\$\{BIND_ADDRESS\}:\$\{\w+_PORT\}:/);
    expect(variables.BIND_ADDRESS).toBe('127.0.0.1');
  });

  it.each(services)('%s: waits until what it needs is healthy', (_, { depends_on = {} }) => {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      expect(condition).toBe(name === 'secrets' ? 'service_completed_successfully' : 'service_healthy');
    }
  });

  // A bridge that did not start kept Prometheus and Grafana from starting, which would have shown why.
  it('lets what shows faults start whatever is at fault', () => {
    const needs = (name: string) => Object.keys(services.find(([each]) => each === name)![1].depends_on ?? {});
    expect(['prometheus', 'grafana', 'exporter'].map(needs)).toEqual([[], [], ['secrets']]);
  });

  // Kafka was dead, and the bridge was shown as healthy for a minute more.
  it.each(
    services.filter(([name]) => name !== 'secrets'),
  )('%s: is not called healthy for more than half a minute after it was', (_, { healthcheck }) => {
    const { interval, timeout, retries } = healthcheck!;
    expect(retries * (durationMs(interval) + durationMs(timeout))).toBeLessThanOrEqual(30_000);
  });

  // `docker compose up` drowned in ten lines a second of what vehicles published.
  it('shows in the foreground what our own containers write, and nothing else', () => {
    for (const [name, { image, attach }] of services)
      expect([name, attach ?? true]).toEqual([name, /^mkb:/.test(image)]);
  });

  it('holds the socket of the engine in the chaos container only', () => {
    const holders = services.filter(([, { volumes = [] }]) => volumes.some(volume => volume.includes('docker.sock')));
    expect(holders.map(([name]) => name)).toEqual(['chaos']);
  });
});

describe.each(files)('demo/compose/%s', file => {
  it('uses the variables of .env and no others', () => {
    const used = [...text(file).matchAll(/(?<!\$)\$\{?(\w+)/g)].map(match => match[1]!);
    expect(used.filter(name => variables[name] === undefined)).toEqual([]);
  });

  it('mounts only files that exist', () => {
    const mounted = servicesOf(file).flatMap(([, { volumes = [] }]) => volumes);
    const paths = mounted.filter(volume => volume.startsWith('.')).map(volume => volume.split(':')[0]!);
    expect(paths.filter(path => !existsSync(join(composeFolder, path)))).toEqual([]);
  });
});

describe('the documents in the containers', () => {
  const documents = {
    host: '../my-vehicles.yaml',
    containers: 'my-vehicles.yaml',
    tls: 'my-vehicles.tls.yaml',
    listen: 'my-vehicles.listen.yaml',
  };

  it.each(Object.values(documents))('%s is valid', async file => {
    const { problems } = await loadChecked([join(composeFolder, file)]);
    // Whoever starts the demo is warned, too, that anybody may connect to the bridge.
    const expected = file === documents.listen ? ['warning spec.mqtt.clients.anonymous'] : [];
    expect(problems.map(({ severity, path }) => `${severity} ${path}`)).toEqual(expected);
  });

  it.each([
    documents.containers,
    documents.tls,
    documents.listen,
  ])('%s differs from demo/my-vehicles.yaml in addresses only', file => {
    const { spec, ...rest } = parse(text(file));
    const host = parse(text(documents.host));
    if (file === documents.listen) spec.mqtt = { version: host.spec.mqtt.version };
    const { url: _url, tls: _tls, ...mqtt } = spec.mqtt;
    const { bootstrapServers: _servers, tls: _kafkaTls, ...kafka } = spec.kafka;
    const { url: _hostUrl, ...hostMqtt } = host.spec.mqtt;
    const { bootstrapServers: _hostServers, ...hostKafka } = host.spec.kafka;
    expect({ ...rest, spec: { ...spec, mqtt, kafka } }).toEqual({
      ...host,
      spec: { ...host.spec, mqtt: hostMqtt, kafka: hostKafka },
    });
  });

  it('speak TLS to both sides in the one that says so', () => {
    const { spec } = parse(text(documents.tls));
    expect(spec.mqtt.url).toMatch(/^mqtts:/);
    for (const { tls } of [spec.mqtt, spec.kafka]) expect(tls.ca.valueFrom.file).toBe('/run/demo/tls/ca.crt');
  });

  const brokers = ['emqx', 'mosquitto'];

  it.each([
    ...brokers.flatMap(name => [`exporter/${name}.yaml`, `exporter-tls/${name}.yaml`]),
    'exporter/listen.yaml',
  ])('%s is valid', async file => {
    expect((await loadExporter(join(composeFolder, file))).problems).toEqual([]);
  });

  it.each(brokers)('watch the same of %s with TLS and without', name => {
    const withoutAddresses = (file: string) =>
      JSON.stringify(parse(text(file)), (key, value) => (key === 'tls' || key === 'url' ? undefined : value));
    expect(withoutAddresses(`exporter-tls/${name}.yaml`)).toBe(withoutAddresses(`exporter/${name}.yaml`));
  });
});
