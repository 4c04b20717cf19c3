import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  allAlerts,
  nowhere,
  operatorRuleGroups,
  ruleFile,
  ruleGroups,
  runbookPath,
} from '../../dashboards/rule-file.ts';
import { describeReal } from '../real/require.ts';
import { bridgeStories } from './alert-cases.ts';
import { brokerStories } from './broker-alert-cases.ts';
import { bridgeStateStories, operatorStories } from './operator-alert-cases.ts';
import { committedDashboards, root } from './support/committed.ts';
import { knownMetrics, metricNames } from './support/metric-names.ts';
import { promtool, testRules } from './support/promtool.ts';
import type { AlertStories } from './support/story.ts';

const committed = join(root, 'dashboards', 'generated', 'rules.yaml');
const committedOfOperator = join(root, 'dashboards', 'operator', 'generated', 'rules.yaml');
const ofOperator = ruleFile(nowhere, operatorRuleGroups);
const known = knownMetrics();
const names = [...new Set(allAlerts.map(({ name }) => name))];
const stories: readonly (AlertStories & { readonly file: string })[] = [
  ...[...bridgeStories, ...brokerStories].map(each => ({ ...each, file: committed })),
  ...[...bridgeStateStories, ...operatorStories].map(each => ({ ...each, file: committedOfOperator })),
];

test('the committed rule files are what the code makes', () => {
  expect(readFileSync(committed, 'utf8')).toBe(ruleFile());
  expect(readFileSync(committedOfOperator, 'utf8')).toBe(ofOperator);
});

test('nothing that the operator must tell is asked where there may be none', () => {
  expect(ruleFile()).not.toMatch(/operator/i);
});

test('links begin with the addresses that are given', () => {
  const text = ruleFile({ runbooks: 'https://example.org/kit/', grafana: 'https://grafana.example.org' });
  expect(text).toContain('runbook_url: https://example.org/kit/docs/runbooks/mkb-messages-lost.md');
  expect(text).toContain('dashboard_url: https://grafana.example.org/d/mkb-kafka');
});

test('rules name only metrics that are exported', () => {
  const named = [...ruleGroups, ...operatorRuleGroups].flatMap(({ rules }) =>
    rules.flatMap(({ expr }) => metricNames(expr)),
  );
  expect(named.filter(metric => !known.has(metric))).toEqual([]);
});

describe.each(allAlerts)('$name $severity', alert => {
  test('speaks only of labels that its result has', () => {
    const used = `${alert.summary} ${alert.description}`.matchAll(/\$labels\.(\w+)/g);
    const grouped = [...alert.expr.matchAll(/\bby \(([^)]*)\)/g)].map(([, labels]) => labels!.split(', '));
    for (const [, label] of used) for (const labels of grouped) expect(labels).toContain(label);
  });

  test('opens a dashboard that there is, on variables that it has', () => {
    const groups: { rules: { alert?: string; annotations: Record<string, string> }[] }[] = [
      ruleFile(),
      ofOperator,
    ].flatMap(text => parse(text).groups);
    const rules = groups.flatMap(({ rules: of }) => of);
    expect(rules.some(rule => rule.alert === alert.name)).toBe(true);
    for (const { annotations } of rules.filter(rule => rule.alert === alert.name)) {
      const [, uid, query = ''] = /\/d\/([\w-]+)(\?.*)?$/.exec(annotations.dashboard_url!)!;
      const { dashboard } = committedDashboards.find(each => each.dashboard.uid === uid)!;
      const names = dashboard.templating.list!.map(({ name }) => name);
      for (const [, variable] of query.matchAll(/[?&]var-(\w+)=/g)) expect(names).toContain(variable);
    }
  });

  test('leads to when it was, and chooses nothing by a label that it may lack', () => {
    const [rule] = [ruleFile(), ofOperator]
      .flatMap(text => parse(text).groups as { rules: { alert?: string; annotations: Record<string, string> }[] }[])
      .flatMap(({ rules }) => rules)
      .filter(({ alert: name }) => name === alert.name);
    const { dashboard_url: link } = rule!.annotations;
    expect(link).toMatch(/\?from=\{\{ with query "vector\(1000 \* \(time\(\) - \d+\)\)" .*&to=\{\{/);
    for (const [, variable, before] of link!.matchAll(/(.{0,60})&var-(\w+)=/g)) {
      expect(variable, before).toMatch(/\{\{ with \$labels\.\w+ \}\}$/);
    }
  });

  test('says in whole sentences what was seen', () => {
    expect(alert.summary).toMatch(/\.$/);
    expect(alert.summary.length).toBeLessThan(110);
    expect(alert.description).toMatch(/\.$/);
  });
});

describe.each(names)('the runbook of %s', name => {
  const file = join(root, runbookPath({ name }));

  test('says what the alert means, where to look first, and what to do, with commands', () => {
    expect(existsSync(file), file).toBe(true);
    const text = readFileSync(file, 'utf8');
    expect(text.startsWith(`# ${name}\n`)).toBe(true);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
      'Meaning',
      'First look',
      'Remedy',
    ]);
    expect(text).toMatch(/^ {4}\S/m);
  });
});

test('every alert has a story in which it fires and one in which it keeps quiet', () => {
  for (const name of names) {
    const its = stories.filter(({ alert }) => alert === name).flatMap(each => each.stories);
    expect(
      its.some(({ firing }) => firing.length > 0),
      name,
    ).toBe(true);
    expect(
      its.some(({ firing }) => firing.length === 0),
      name,
    ).toBe(true);
  }
});

describeReal('prometheus')('with promtool', () => {
  test('the rule files are such', async () => {
    expect(await promtool('check', 'rules', committed, committedOfOperator)).toMatchObject({ ok: true });
  });

  test('a story that does not come true is found', async () => {
    const series = { 'up{job="exporter",instance="i"}': '1x15' };
    const wrong = { alert: 'MkbExporterDown', series, at: '9m', firing: [{ job: 'exporter' }] };
    expect(await testRules(committed, [wrong])).toContain('FAILED');
  });

  describe.each(stories)('$alert', ({ alert, stories: its, file }) => {
    test.each(its.filter(({ firing }) => firing.length > 0))('fires when $when', async story => {
      expect(await testRules(file, [{ alert, ...story }])).toBe('');
    });
    test.each(its.filter(({ firing }) => firing.length === 0))('keeps quiet when $when', async story => {
      expect(await testRules(file, [{ alert, ...story }])).toBe('');
    });
  });
});
