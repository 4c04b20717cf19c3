/**
 * What a managed Prometheus is told: whom to scrape, and the alerts. It finds its targets by DNS, so that it needs no rights to the API of
 * Kubernetes: the bridge's Pods, however many there are, by the SRV records of its headless Service, which name each Pod; the exporter, which
 * is one, by the name of its Service.
 * https://github.com/kubernetes/dns/blob/master/docs/specification.md#242---srv-records
 */
import { stringify } from 'yaml';
import { rulesOf } from '../../../dashboards/rule-file.ts';
import { bridgeName, exporterName } from '../names.ts';
import type { Pipeline } from '../pipeline.ts';
import { alertAddresses } from './alert-links.ts';
import { exporterPort } from './exporter.ts';
import { ruleGroupsOf } from './rules.ts';
import { scrapeInterval } from './scraping.ts';

/** The keys of the ConfigMap. */
export const configKeys = { config: 'prometheus.yml', rules: 'rules.yaml' } as const;

export const prometheusFiles = (pipeline: Pipeline): Readonly<Record<string, string>> => ({
  [configKeys.config]: yaml(prometheusConfig(pipeline)),
  [configKeys.rules]: yaml(rulesOf(ruleGroupsOf(pipeline), alertAddresses(pipeline))),
});

const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

function prometheusConfig({ document }: Pipeline): object {
  const { name } = document.metadata;
  const bridges = { names: [`_http._tcp.${bridgeName(name)}`], type: 'SRV', refresh_interval: scrapeInterval };
  const exporter = { targets: [`${exporterName(name)}:${exporterPort}`] };
  return {
    global: { scrape_interval: scrapeInterval, evaluation_interval: scrapeInterval },
    rule_files: [configKeys.rules],
    scrape_configs: [
      job('bridge', name, { dns_sd_configs: [bridges] }),
      ...(document.spec.monitoring?.exporter ? [job('exporter', name, { static_configs: [exporter] })] : []),
    ],
  };
}

/** Every series gets the name of the bridge, `up` among them; the bridge says it itself. A Pod is called by its name, not by its address. */
const job = (job_name: string, bridge: string, targets: object): object => ({
  job_name,
  honor_labels: true,
  ...targets,
  relabel_configs: [
    { target_label: 'bridge', replacement: bridge },
    { source_labels: ['__address__'], regex: '([^.:]+).*', target_label: 'instance' },
  ],
});
