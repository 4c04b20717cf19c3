/** Alerts and recordings of one bridge: those that make sense for what it has. */
import { type RuleGroup, ruleGroups } from '../../../dashboards/rule-file.ts';
import type { Pipeline } from '../pipeline.ts';

/** Groups about what only an exporter tells. Without one, `MkbExporterDown` would never end. */
const exporterGroups: ReadonlySet<string> = new Set(['mkb-mqtt-broker', 'mkb-kafka', 'mkb-exporter']);

/** A bridge without replicas is down because somebody wants it to be. */
const downAlert = 'MkbBridgeDown';

export function ruleGroupsOf({ document }: Pipeline): RuleGroup[] {
  const { monitoring, bridge } = document.spec;
  const paused = bridge.replicas === 0;
  return ruleGroups
    .filter(({ name }) => monitoring?.exporter !== undefined || !exporterGroups.has(name))
    .map(({ name, rules }) => ({
      name,
      rules: rules.filter(rule => !(paused && 'name' in rule && rule.name === downAlert)),
    }));
}
