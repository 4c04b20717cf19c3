/**
 * Overrides that would lend the operator's rights: a PodMonitor or a PrometheusRule is obeyed by a Prometheus that sees the whole cluster, and who
 * writes a document may make neither (docs/decisions/0054-overrides-that-reach-further.md).
 */
import type { MqttKafkaBridge } from '../bridge.ts';
import { type Finding, finding } from '../findings.ts';
import { type TrustedKind, trustedOnly } from '../schema/overridable.ts';

/** @param trusted the kinds whose overrides the operator's configuration allows */
export function untrustedOverrides({ spec }: MqttKafkaBridge, trusted: readonly TrustedKind[]): Finding[] {
  return spec.overrides.flatMap(({ kind, patch }, index) => {
    if (!(kind in trustedOnly) || trusted.includes(kind as TrustedKind)) return [];
    const fields: readonly string[] = trustedOnly[kind as TrustedKind];
    const set = Object.keys((patch.spec as object | undefined) ?? {}).filter(field => fields.includes(`spec.${field}`));
    return set.map(field =>
      finding(
        ['spec', 'overrides', index, 'patch', 'spec', field],
        'override-not-trusted',
        { field: `spec.${field}`, kind },
        { at: 'key' },
      ),
    );
  });
}
