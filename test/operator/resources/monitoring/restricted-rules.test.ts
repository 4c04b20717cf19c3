import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { stringify } from 'yaml';
import { nowhere, type RuleGroup, ruleGroups, rulesOf } from '../../../../dashboards/rule-file.ts';
import { restricted, withMatchers } from '../../../../operator/resources/monitoring/restricted-rules.ts';
import { bridgeStories } from '../../../dashboards/alert-cases.ts';
import { brokerStories } from '../../../dashboards/broker-alert-cases.ts';
import { selectors } from '../../../dashboards/support/metric-names.ts';
import { type AlertCase, promtool, testRules } from '../../../dashboards/support/promtool.ts';
import { removeFolder, temporaryFolder } from '../../../real/cleanup.ts';
import { describeReal } from '../../../real/require.ts';

const ours = { namespace: 'shop', bridge: 'cars' };
const groups = restricted(ruleGroups, ours);
const exprsOf = (from: readonly RuleGroup[]) => from.flatMap(({ rules }) => rules.map(({ expr }) => expr));

describe('matchers', () => {
  test.each([
    ['up', 'up{a="b"}'],
    ['up{job="x"} == 0 or absent(up{job="x"})', 'up{job="x",a="b"} == 0 or absent(up{job="x",a="b"})'],
    ['up{}', 'up{a="b"}'],
    ['sum by (le, up) (rate(x_total[5m])) > 1e9', 'sum by (le, up) (rate(x_total{a="b"}[5m])) > 1e9'],
    ['x and on (target) max by (target) (y)', 'x{a="b"} and on (target) max by (target) (y{a="b"})'],
    ['x{b="up}[5m]",c!~"d\\"{"}', 'x{b="up}[5m]",c!~"d\\"{",a="b"}'],
    ['bridge:x:rate5m > 0.0144', 'bridge:x:rate5m{a="b"} > 0.0144'],
    [
      'predict_linear(x[15m], 3600) unless y offset 5m',
      'predict_linear(x{a="b"}[15m], 3600) unless y{a="b"} offset 5m',
    ],
    ['x / ignoring(y) group_left(z) w', 'x{a="b"} / ignoring(y) group_left(z) w{a="b"}'],
  ])('are put into every selector of %s', (expr, expected) => {
    expect(withMatchers(expr, { a: 'b' })).toBe(expected);
  });

  it('are in each selector of each rule that there is', () => {
    const found = exprsOf(groups).flatMap(selectors);
    expect(found.length).toBe(exprsOf(ruleGroups).flatMap(selectors).length);
    for (const text of found) expect(text).toContain('namespace="shop",bridge="cars"}');
  });

  it('change nothing else', () => {
    const without = exprsOf(groups).map(expr =>
      expr.replaceAll(/,?namespace="shop",bridge="cars"/g, '').replaceAll('{}', ''),
    );
    expect(without).toEqual(exprsOf(ruleGroups));
  });
});

type Owner = typeof ours;

/** Series as a Prometheus has them that was told whose they are. */
const ownedBy = (owner: Owner, series: AlertCase['series']): AlertCase['series'] =>
  Object.fromEntries(
    Object.entries(series).map(([name, values]) => {
      const [, metric, labels] = /^(\w+)\{(?:bridge="b",)?(.*)\}$/.exec(name)!;
      return [`${metric}{${labels},namespace="${owner.namespace}",bridge="${owner.bridge}"}`, values];
    }),
  );

describeReal('prometheus')('rules of one bridge', () => {
  const folder = temporaryFolder('restricted-rules');
  const file = join(folder, 'rules.yaml');
  beforeAll(() => writeFileSync(file, stringify(rulesOf(groups, nowhere), { lineWidth: 0 })));
  afterAll(() => removeFolder(folder));
  /** The objective for delivery takes days, and has nothing that others have not. */
  const firing = [...bridgeStories, ...brokerStories]
    .filter(({ alert }) => alert !== 'MkbDeliverySlow')
    .flatMap(({ alert, stories }) => stories.filter(story => story.firing.length > 0).map(story => ({ alert, story })));

  it('are rules', async () => {
    expect(await promtool('check', 'rules', file)).toMatchObject({ ok: true });
  });

  it('fire for this bridge as they do where there is no other, and say whose they are', async () => {
    const cases = firing.map(({ alert, story }) => ({
      ...story,
      alert,
      series: ownedBy(ours, story.series),
      firing: story.firing.map(labels => ({ ...labels, ...ours })),
    }));
    expect(await testRules(file, cases)).toBe('');
  });

  it('keep quiet for another bridge, and for one of the same name in another namespace', async () => {
    const others = [
      { namespace: 'shop', bridge: 'trucks' },
      { namespace: 'garage', bridge: 'cars' },
    ];
    const cases = firing.map(({ alert, story }) => ({
      ...story,
      alert,
      series: {
        // Without these, ours would be down.
        ...ownedBy(ours, { 'up{job="bridge"}': '1x60', 'up{job="exporter"}': '1x60' }),
        ...Object.assign({}, ...others.map(other => ownedBy(other, story.series))),
      },
      firing: [],
    }));
    expect(await testRules(file, cases)).toBe('');
  });
});
