/**
 * Rules that look at the series of one bridge only.
 *
 * A Prometheus of the Prometheus operator has the series of every bridge in the cluster, and each bridge brings its own rules. Were they all
 * the same, each alert would fire once for every bridge there is. So each selector of a rule gets matchers of its bridge, and what the rule
 * yields gets the same labels: two bridges of one name in two namespaces are told apart, also by who is notified.
 */
import type { RuleGroup } from '../../../dashboards/rule-file.ts';

type Labels = Readonly<Record<string, string>>;

export const restricted = (groups: readonly RuleGroup[], labels: Labels): RuleGroup[] =>
  groups.map(({ name, rules }) => ({
    name,
    rules: rules.map(rule => ({
      ...rule,
      expr: withMatchers(rule.expr, labels),
      labels: { ...('labels' in rule && rule.labels), ...labels },
    })),
  }));

/** What has no selector in it: texts, ranges, lists of labels. */
const inert = /"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\b(?:\w+ )?(?:by|without|on|ignoring|group_left|group_right) ?\([^)]*\)/;
/** A name that is not a function's, and its matchers if it has some. */
const selector = /(?<![\w.:])(?<metric>[a-zA-Z_:][\w:]*)(?![\w:]| ?\()(?:\{(?<own>(?:[^}"]|"(?:[^"\\]|\\.)*")*)\})?/;
const inertOrSelector = new RegExp(`${inert.source}|${selector.source}`, 'g');

const operators: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'bool', 'offset']);

/** PromQL as dashboards/ writes it, with these matchers in each of its selectors. */
export function withMatchers(expr: string, labels: Labels): string {
  const added = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return expr.replace(inertOrSelector, (text, metric?: string, own?: string) => {
    if (metric === undefined || operators.has(metric)) return text;
    return `${metric}{${[...(own ? [own] : []), ...added].join(',')}}`;
  });
}
