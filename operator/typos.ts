/**
 * Names that no Kubernetes object has, with their place, in what documents pass on to Kubernetes as it is: podTemplates and overrides. The schema of a
 * document knows none of their fields; and the API server looks at them only when an object is applied, long after whoever mistyped one has gone.
 *
 * Only what looks like a field that there is counts: a newer Kubernetes has fields that this table does not know, and says itself what it does not take.
 */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import type { Finding } from '../api/findings.ts';
import { nearest } from '../api/nearest.ts';
import type { Path } from '../api/problems.ts';
import type { Override } from '../api/schema/objects.ts';
import { overridable } from '../api/schema/overridable.ts';
import { valueAt } from '../api/values.ts';
import kubernetesFields from './generated/kubernetes-fields.json' with { type: 'json' };

type Fields = Readonly<Record<string, string>>;
const types = kubernetesFields as Readonly<Record<string, Fields>>;
/** Of the objects that overrides may patch; kinds of others, which have no types here, are not among them. */
const kindTypes: Readonly<Record<string, string>> = {
  StatefulSet: 'V1StatefulSet',
  Deployment: 'V1Deployment',
  Service: 'V1Service',
  ServiceAccount: 'V1ServiceAccount',
  PodDisruptionBudget: 'V1PodDisruptionBudget',
  HorizontalPodAutoscaler: 'V2HorizontalPodAutoscaler',
  NetworkPolicy: 'V1NetworkPolicy',
};

/** More than a person reads. */
const mostTypos = 20;

/** In every podTemplate and override of a document. */
export function documentTypos({ spec }: MqttKafkaBridge): Finding[] {
  const { exporter, prometheus, grafana } = spec.monitoring ?? {};
  const templates: readonly [Path, { readonly podTemplate?: unknown } | undefined][] = [
    [['spec', 'bridge'], spec.bridge],
    [['spec', 'mqtt', 'broker'], spec.mqtt.broker],
    [['spec', 'monitoring', 'exporter'], exporter],
    [['spec', 'monitoring', 'prometheus'], prometheus],
    [['spec', 'monitoring', 'grafana'], grafana],
  ];
  const found = [
    ...templates.flatMap(([path, part]) => podTemplateTypos(part?.podTemplate, [...path, 'podTemplate'])),
    ...spec.overrides.flatMap((each, index) => overrideTypos(each, ['spec', 'overrides', index, 'patch'])),
  ];
  return found.slice(0, mostTypos);
}

/** @param podTemplate undefined for none */
export const podTemplateTypos = (podTemplate: unknown, path: Path): Finding[] =>
  podTemplate === undefined ? [] : typosIn(podTemplate, 'V1PodTemplateSpec', path);

/** In the fields that may be overridden: others are refused with those that may be. */
function overrideTypos({ kind, patch }: Override, path: Path): Finding[] {
  return overridable[kind].flatMap((field: string) => {
    const steps = field.split('.');
    const type = steps.reduce((own, step) => types[own]?.[step] ?? '', kindTypes[kind] ?? '');
    return typosIn(valueAt(patch, steps) ?? null, type, [...path, ...steps]);
  });
}

function typosIn(value: unknown, type: string, path: Path): Finding[] {
  const found: Finding[] = [];
  look(value, type, path, found);
  return found;
}

function look(value: unknown, type: string, path: Path, found: Finding[]): void {
  // A field that is null is taken away; what is a value or a map of them has no fields of its own.
  if (value === null || type === '' || found.length >= mostTypos) return;
  if (type.startsWith('[]')) lookAtList(value, type.slice(2), path, found);
  else lookAtMapping(value, type, path, found);
}

function lookAtMapping(value: unknown, type: string, path: Path, found: Finding[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    found.push(wrongType(path, value, 'a mapping'));
    return;
  }
  if (type === '{}') return;
  const fields = types[type]!;
  for (const [name, inner] of Object.entries(value)) {
    const place = [...path, name];
    if (Object.hasOwn(fields, name)) look(inner, fields[name]!, place, found);
    else if (!name.startsWith('$')) {
      const meant = nearest(name, Object.keys(fields));
      if (meant !== undefined) found.push(unknownField(place, name, meant));
    }
  }
}

function lookAtList(value: unknown, type: string, path: Path, found: Finding[]): void {
  if (!Array.isArray(value)) {
    found.push(wrongType(path, value, 'a list'));
    return;
  }
  for (const [index, item] of value.entries()) look(item, type, [...path, index], found);
}

const unknownField = (path: Path, name: string, meant: string): Finding => ({
  path,
  at: 'key',
  severity: 'error',
  code: 'field-unknown',
  message: `there is no field ${name}; did you mean ${meant}?`,
  remedy: `Write \`${meant}\`, or leave the field out.`,
});

const wrongType = (path: Path, value: unknown, expected: string): Finding => ({
  path,
  at: 'value',
  severity: 'error',
  code: 'field-type',
  message: `${describe(value)} is given, and ${expected} is needed`,
  remedy: `Write ${expected}.`,
});

const describe = (value: unknown): string =>
  Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a mapping' : `the value ${JSON.stringify(value)}`;
