/** What the links of a bridge's alerts begin with: what its document says, or nothing, for whoever reads them in Grafana. */
import { type Addresses, here } from '../../../dashboards/rule-file.ts';
import type { Pipeline } from '../pipeline.ts';

export function alertAddresses({ document }: Pipeline): Addresses {
  const { grafana, runbooks } = document.spec.monitoring?.prometheus?.links ?? {};
  return {
    grafana: grafana === undefined ? here.grafana : grafana.replace(/\/+$/, ''),
    ...(runbooks !== undefined && { runbooks: `${runbooks.replace(/\/+$/, '')}/` }),
  };
}
