/**
 * Names in a `podTemplate` that no Pod has, with their place. The document passes a podTemplate on as it is, so its schema knows none of its fields; and
 * the API server looks at them only when a workload is applied, long after whoever mistyped one has gone.
 *
 * Only what looks like a field that there is counts: a newer Kubernetes has fields that this table does not know, and says itself what it does not take.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { nearest } from '../../api/nearest.ts';
import podFields from '../generated/pod-fields.json' with { type: 'json' };

type Fields = Readonly<Record<string, string>>;
const types = podFields as Readonly<Record<string, Fields>>;

export interface Typo {
  /** `spec.bridge.podTemplate.spec.tolerationz`. */
  readonly path: string;
  readonly code: 'field-unknown' | 'field-type';
  readonly message: string;
}

/** More than a person reads. */
const mostTypos = 20;

/** In every podTemplate of a document. */
export function podTemplateTypos({ spec }: MqttKafkaBridge): Typo[] {
  const { exporter, prometheus, grafana } = spec.monitoring ?? {};
  const parts = {
    'spec.bridge': spec.bridge,
    'spec.mqtt.broker': spec.mqtt.broker,
    'spec.monitoring.exporter': exporter,
    'spec.monitoring.prometheus': prometheus,
    'spec.monitoring.grafana': grafana,
  };
  const found: Typo[] = [];
  for (const [path, part] of Object.entries(parts)) {
    if (part?.podTemplate !== undefined) look(part.podTemplate, 'V1PodTemplateSpec', `${path}.podTemplate`, found);
  }
  return found.slice(0, mostTypos);
}

function look(value: unknown, type: string, path: string, found: Typo[]): void {
  // A field that is null is taken away; what is a value or a map of them has no fields of its own.
  if (value === null || type === '' || found.length >= mostTypos) return;
  if (type.startsWith('[]')) lookAtList(value, type.slice(2), path, found);
  else lookAtMapping(value, type, path, found);
}

function lookAtMapping(value: unknown, type: string, path: string, found: Typo[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    found.push({ path, code: 'field-type', message: `${describe(value)} is given, and a mapping is needed` });
    return;
  }
  if (type === '{}') return;
  const fields = types[type]!;
  for (const [name, inner] of Object.entries(value)) {
    const place = `${path}.${name}`;
    if (Object.hasOwn(fields, name)) look(inner, fields[name]!, place, found);
    else if (!name.startsWith('$')) {
      const meant = nearest(name, Object.keys(fields));
      if (meant !== undefined)
        found.push({
          path: place,
          code: 'field-unknown',
          message: `there is no field ${name}; did you mean ${meant}?`,
        });
    }
  }
}

function lookAtList(value: unknown, type: string, path: string, found: Typo[]): void {
  if (!Array.isArray(value)) {
    found.push({ path, code: 'field-type', message: `${describe(value)} is given, and a list is needed` });
    return;
  }
  for (const [index, item] of value.entries()) look(item, type, `${path}[${index}]`, found);
}

const describe = (value: unknown): string =>
  Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a mapping' : `the value ${JSON.stringify(value)}`;
