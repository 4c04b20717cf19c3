import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { desiredObjects } from '../../../../operator/resources/desired-objects.ts';
import { inputsHash } from '../../../../operator/resources/labels.ts';
import { objectOf, type PipelineParts, pipelineOf } from '../../support/pipelines.ts';

const objectsOf = (grafana: object = {}, monitoring: object = {}, parts?: PipelineParts) =>
  desiredObjects(pipelineOf({ monitoring: { prometheus: {}, grafana, ...monitoring } }, parts));
const podOf = (...args: Parameters<typeof objectsOf>) =>
  objectOf(objectsOf(...args), 'Deployment', 'cars-grafana').spec.template;
const hashOf = (...args: Parameters<typeof objectsOf>) => podOf(...args).metadata.annotations[inputsHash];
const settingsOf = (...args: Parameters<typeof objectsOf>): Record<string, string> =>
  Object.fromEntries(
    podOf(...args).spec.containers[0].env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
const passwordOf = (...args: Parameters<typeof objectsOf>) => settingsOf(...args).GF_SECURITY_ADMIN_PASSWORD;
const filesOf = (name: string, ...args: Parameters<typeof objectsOf>): Record<string, string> =>
  objectOf(objectsOf(...args), 'ConfigMap', name).data;

const secretsOf = (objects: ReturnType<typeof objectsOf>) =>
  objects.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => metadata.name);

describe('the password of admin', () => {
  it('is made up once, and kept', () => {
    const made = objectOf(objectsOf(), 'Secret', 'cars-grafana-admin').data.password;
    expect(Buffer.from(made, 'base64').toString()).toBe('made-up-1');
    const observed = { secrets: { 'cars-grafana-admin': { password: 'first' } } };
    const kept = objectOf(objectsOf({}, {}, { observed }), 'Secret', 'cars-grafana-admin').data.password;
    expect(Buffer.from(kept, 'base64').toString()).toBe('first');
    expect(passwordOf()).toBe('$__file{/run/mkb/secrets/cars-grafana-admin/password}');
  });

  it('is read from the Secret that the document names, which rolls it', () => {
    const adminPassword = { valueFrom: { secretKeyRef: { name: 'logins', key: 'grafana' } } };
    expect(passwordOf({ adminPassword })).toBe('$__file{/run/mkb/secrets/logins/grafana}');
    expect(secretsOf(objectsOf({ adminPassword }))).toEqual([]);
    const inputs = (hash: string) => ({ observed: { inputs: { 'Secret/logins': hash } } });
    expect(hashOf({ adminPassword }, {}, inputs('a'))).not.toBe(hashOf({ adminPassword }, {}, inputs('b')));
  });

  it('may be in the document itself, and then is in no place but its Secret', () => {
    const adminPassword = { value: 'hunter2' };
    expect(passwordOf({ adminPassword })).toBe(
      '$__file{/run/mkb/secrets/cars-document/monitoring.grafana.adminPassword}',
    );
    expect(secretsOf(objectsOf({ adminPassword }))).toEqual(['cars-document']);
    expect(hashOf({ adminPassword })).not.toBe(hashOf({ adminPassword: { value: 'hunter3' } }));
  });

  it('may be what people put into the Pod', () => {
    expect(passwordOf({ adminPassword: { valueFrom: { env: 'GRAFANA' } } })).toBe('$__env{GRAFANA}');
    expect(passwordOf({ adminPassword: { valueFrom: { file: '/vault/grafana' } } })).toBe('$__file{/vault/grafana}');
  });
});

describe('a Grafana of ours', () => {
  it('asks the managed Prometheus, or the one that the document names, and is rolled by another', () => {
    const urlOf = (...args: Parameters<typeof objectsOf>) =>
      parse(filesOf('cars-grafana', ...args)['datasources.yaml']!).datasources[0].url;
    expect(urlOf()).toBe('http://cars-prometheus:9090');
    expect(urlOf({ prometheusUrl: 'https://p.example' })).toBe('https://p.example');
    expect(hashOf({ prometheusUrl: 'https://p.example' })).not.toBe(hashOf());
  });

  it('knows how often metrics are collected, from which its windows follow', () => {
    const [datasource] = parse(filesOf('cars-grafana')['datasources.yaml']!).datasources;
    const config = parse(filesOf('cars-prometheus')['prometheus.yml']!);
    expect(datasource.jsonData.timeInterval).toBe(config.global.scrape_interval);
  });

  it('finds its dashboards where it looks for them, and is not rolled by others', () => {
    const { options } = parse(filesOf('cars-grafana')['dashboards.yaml']!).providers[0];
    const { containers, volumes } = podOf().spec;
    const mount = containers[0].volumeMounts.find(({ mountPath }: { mountPath: string }) => mountPath === options.path);
    const volume = volumes.find(({ name }: { name: string }) => name === mount.name);
    expect(volume.configMap.name).toBe('cars-grafana-dashboards');
    const { GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: home } = settingsOf();
    expect(Object.keys(filesOf('cars-grafana-dashboards')).map(file => `${options.path}/${file}`)).toContain(home);
    expect(filesOf('cars-grafana-dashboards', {}, { exporter: {} })).not.toEqual(filesOf('cars-grafana-dashboards'));
    expect(hashOf({}, { exporter: {} })).toBe(hashOf());
  });

  it('lets nobody in without a login, and calls nobody outside', () => {
    expect(settingsOf()).toMatchObject({
      GF_AUTH_ANONYMOUS_ENABLED: 'false',
      GF_USERS_ALLOW_SIGN_UP: 'false',
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
      GF_SECURITY_DISABLE_GRAVATAR: 'true',
    });
  });

  it('is reached as the document says', () => {
    const service = { type: 'LoadBalancer', annotations: { internal: 'true' } };
    const { metadata, spec } = objectOf(objectsOf({ service }), 'Service', 'cars-grafana');
    expect(metadata.annotations).toEqual({ internal: 'true' });
    expect(spec).toMatchObject({ type: 'LoadBalancer', ports: [{ name: 'http', port: 3000 }] });
  });
});

describe('the dashboards', () => {
  it('are all but those of the demo, when there is an exporter', () => {
    const generated = readdirSync('dashboards/generated').filter(file => file.endsWith('.json'));
    const ours = Object.keys(filesOf('cars-grafana-dashboards', {}, { exporter: {} }));
    expect([...ours, 'vehicles.json'].sort()).toEqual(generated.sort());
    for (const [file, text] of Object.entries(filesOf('cars-grafana-dashboards', {}, { exporter: {} }))) {
      expect(JSON.parse(text).uid, file).toMatch(/^mkb-/);
    }
  });

  it('are only that of the bridge itself and the runbooks, when there is none', () => {
    expect(Object.keys(filesOf('cars-grafana-dashboards'))).toEqual(['pipeline.json', 'runbooks.json']);
  });

  it('fit into a ConfigMap with much room to spare', () => {
    const size = JSON.stringify(filesOf('cars-grafana-dashboards', {}, { exporter: {} })).length;
    expect(size).toBeLessThan(300 * 1024);
  });

  it('are all that is made for a Grafana that is there, with the labels that it looks for', () => {
    const grafana = { existing: { labels: { team: 'a', 'app.kubernetes.io/instance': 'other' } } };
    const objects = objectsOf(grafana).filter(({ metadata }) => metadata.name.includes('grafana'));
    expect(objects).toHaveLength(1);
    expect(objects[0]).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'cars-grafana-dashboards' } });
    expect(objects[0]!.metadata.labels).toMatchObject({ team: 'a', 'app.kubernetes.io/instance': 'cars' });
    const usual = objectsOf({ existing: {} }).find(({ metadata }) => metadata.name.includes('grafana'));
    expect(usual!.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
  });

  it('are the same files for every bridge, so that a Grafana that finds many has one of each', () => {
    const one = filesOf('cars-grafana-dashboards');
    const { document, ...pipeline } = pipelineOf({ monitoring: { prometheus: {}, grafana: {} } });
    const other = desiredObjects({
      ...pipeline,
      document: { ...document, metadata: { ...document.metadata, name: 'trucks' } },
    });
    expect(objectOf(other, 'ConfigMap', 'trucks-grafana-dashboards').data).toEqual(one);
  });
});
