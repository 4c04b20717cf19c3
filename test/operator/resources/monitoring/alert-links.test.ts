import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { prometheusFiles } from '../../../../operator/resources/monitoring/prometheus-config.ts';
import { prometheusOperatorObjects } from '../../../../operator/resources/monitoring/prometheus-operator.ts';
import { documentOf, load, told } from '../../../api/support/documents.ts';
import { objectOf, pipelineOf } from '../../support/pipelines.ts';

const observed = { apis: { prometheusOperator: true, routes: [], strimzi: undefined } };

interface Rule {
  readonly alert?: string;
  readonly annotations?: { readonly runbook_url: string; readonly dashboard_url: string };
}

type Groups = { readonly rules: readonly Rule[] }[];

/** The links of an alert, for the Prometheus operator and for a managed Prometheus. */
function linksOf(links: object | undefined): string[] {
  const pipeline = pipelineOf({ monitoring: { prometheus: { ...(links && { links }) } } }, { observed });
  const managed = parse(prometheusFiles(pipeline)['rules.yaml']!).groups as Groups;
  const { groups } = objectOf(prometheusOperatorObjects(pipeline), 'PrometheusRule').spec as { groups: Groups };
  const found = [managed, groups].map(
    each => each.flatMap(({ rules }) => rules).find(({ alert }) => alert === 'MkbMessagesLost')!.annotations!,
  );
  expect(found[0]!.runbook_url).toBe(found[1]!.runbook_url);
  return [found[1]!.runbook_url, found[1]!.dashboard_url.replace(/\?.*/, '')];
}

// Whoever was paged by a mail had a link that began with a slash.
describe('the links of the alerts of a bridge', () => {
  it.each([
    [undefined, '/d/mkb-runbooks?viewPanel=', '/d/mkb-pipeline'],
    [
      { grafana: 'https://g.example/' },
      'https://g.example/d/mkb-runbooks?viewPanel=',
      'https://g.example/d/mkb-pipeline',
    ],
    [
      { runbooks: 'https://code.example/kit' },
      'https://code.example/kit/docs/runbooks/mkb-messages-lost.md',
      '/d/mkb-pipeline',
    ],
    [
      { grafana: 'https://g.example/sub', runbooks: 'https://code.example/kit/' },
      'https://code.example/kit/docs/runbooks/mkb-messages-lost.md',
      'https://g.example/sub/d/mkb-pipeline',
    ],
  ])('with %j lead to the runbook at %s', (links, runbook, dashboard) => {
    const [toRunbook, toDashboard] = linksOf(links);
    expect(toRunbook).toContain(runbook);
    expect(toRunbook!.startsWith(runbook.slice(0, 8))).toBe(true);
    expect(toDashboard).toBe(dashboard);
  });

  // Prometheus fills in annotations as templates, with all that it may read of other teams.
  it.each([
    `https://a/{{ query "up" | len }}`,
    'https://a/"',
    'https://a/\\n',
    'https://a b',
    'javascript:alert(1)',
    '/d/',
    '',
  ])('are refused as %j', grafana => {
    const document = documentOf({ monitoring: { prometheus: { links: { grafana } } } });
    expect(told(load(document)).join()).toContain('spec.monitoring.prometheus.links.grafana');
  });
});
