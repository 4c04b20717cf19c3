import { describe, expect, it } from 'vitest';
import { checkResource } from '../../../operator/reconcile/document.ts';
import { resourceOf, settingsOf } from '../support/resources.ts';

const rule = (sql: string, key?: string) => ({
  name: 'all',
  sql,
  sinks: [{ kafka: { topic: 'cars', ...(key && { key }) } }],
});
const problems = (spec: Parameters<typeof resourceOf>[0]) => checkResource(resourceOf(spec), settingsOf(1)).problems;

describe('a resource', () => {
  it('that is right is a complete document', () => {
    const { document } = checkResource(resourceOf(), settingsOf(3));
    expect(document?.spec.kafka.producer).toMatchObject({ acks: 'all', idempotent: true });
  });

  it("has the operator's number of replicas, and not that of `mkb run`, where it says none", () => {
    expect(checkResource(resourceOf(), settingsOf(0)).document?.spec.bridge.replicas).toBe(0);
    const shared = resourceOf({ mqtt: { url: 'mqtt://a', share: 's' } });
    expect(checkResource(shared, settingsOf(3)).document?.spec.bridge.replicas).toBe(3);
    expect(checkResource(resourceOf({ bridge: { replicas: 1 } }), settingsOf(0)).document?.spec.bridge.replicas).toBe(
      1,
    );
  });

  it('has one replica where several could not share the work, whatever the default is', () => {
    expect(checkResource(resourceOf(), settingsOf(3)).document?.spec.bridge.replicas).toBe(1);
  });

  it('names line and column within the SQL', () => {
    expect(problems({ rules: [rule('SELECT payload\nFORM "a"')] })).toMatchObject([
      {
        code: 'rule-syntax',
        inRules: true,
        message: expect.stringMatching(/^spec\.rules\[0\]\.sql, line 2, column 6: /),
      },
    ]);
  });

  it('names the template that can never have a value', () => {
    const [problem] = problems({ rules: [rule('SELECT payload.a FROM "a"', '${nothing.here}')] });
    expect(problem).toMatchObject({
      inRules: true,
      message: expect.stringMatching(/^spec\.rules\[0\]\.sinks\[0\]\.kafka\.key, line 1, column \d+: /),
    });
  });

  it('tells problems of rules and of anything else apart, and all at once', () => {
    const spec = { rules: [rule('SELECT')], mqtt: { url: 'mqtt://a', tls: {} } };
    expect(problems(spec).map(({ inRules }) => inRules)).toEqual([false, true]);
  });

  it.each([
    ['PodMonitor', { spec: { jobLabel: 'x', sampleLimit: 5 } }, ['spec.jobLabel']],
    [
      'PodMonitor',
      { spec: { podMetricsEndpoints: null, scrapeClass: 'x' } },
      ['spec.podMetricsEndpoints', 'spec.scrapeClass'],
    ],
    ['PrometheusRule', { spec: { groups: [] } }, ['spec.groups']],
    ['PrometheusRule', { metadata: { labels: { team: 'cars' } } }, []],
    ['NetworkPolicy', { spec: { egress: [] } }, []],
  ])('overrides of a %s with %j that reach beyond the namespace are refused unless they are trusted', (kind, patch, refused) => {
    const resource = resourceOf({ overrides: [{ kind, patch }] } as Parameters<typeof resourceOf>[0]);
    const { problems: found } = checkResource(resource, settingsOf(1));
    expect(found.map(({ code }) => code)).toEqual(refused.map(() => 'override-not-trusted'));
    expect(found.map(({ message }) => message.split(': ')[0])).toEqual(
      refused.map(field => `spec.overrides[0].patch.${field}`),
    );
    const trusting = { replicas: 1, trustedOverrides: ['PodMonitor', 'PrometheusRule'] as const };
    expect(checkResource(resource, trusting).problems).toEqual([]);
  });

  it('may have parts that only an operator runs, but none that nothing runs', () => {
    expect(problems({ mqtt: { broker: { kind: 'mosquitto' } }, kafka: { clusterRef: { name: 'prod' } } })).toEqual([]);
    expect(problems({ mqtt: { listen: [{ port: 9400 }], clients: { passwords: { value: 'x' } } } })).toMatchObject([
      { code: 'part-unsupported' },
    ]);
  });

  it('that is the MQTT server has the usual number of replicas if it keeps nothing for its clients, and one otherwise', () => {
    const replicasOf = (clients: object, more: object = {}) =>
      checkResource(
        resourceOf({ mqtt: { listen: [{ port: 1883 }], clients: { anonymous: true, ...clients } }, ...more } as never),
        settingsOf(3),
      ).document?.spec.bridge.replicas;
    const toClients = { name: 'a', sql: 'SELECT * FROM "$kafka/a"', sinks: [{ mqtt: { topic: 'a' } }] };
    expect(replicasOf({ sessions: { expiry: '0s' } })).toBe(3);
    expect(replicasOf({ sessions: { expiry: '0m0s' } })).toBe(3);
    expect(replicasOf({})).toBe(1);
    expect(replicasOf({ sessions: { expiry: '1s' } })).toBe(1);
    expect(replicasOf({ sessions: { expiry: '0s' }, route: true })).toBe(1);
    expect(replicasOf({ sessions: { expiry: '0s' } }, { rules: [toClients] })).toBe(1);
  });

  it('whose shape is wrong is told so, whatever its shape is', () => {
    for (const spec of [undefined, null, 7, [], {}, { rules: 'x' }]) {
      const { document, problems: found } = checkResource(resourceOf({}, { spec }), settingsOf(1));
      expect(document).toBeUndefined();
      expect(found.length).toBeGreaterThan(0);
    }
  });
});
