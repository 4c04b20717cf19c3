/**
 * `bridge.podTemplate` as the Pods of drains take it. Where the bridge runs, what it may reach and what it needs beside it hold for them too. What
 * is about a Pod that serves and never ends does not: arguments and probes of its container, and sidecars that run on when the drain is done.
 */

type Fields = Readonly<Record<string, unknown>>;

interface Template extends Fields {
  readonly spec?: Fields & { readonly containers?: readonly Fields[]; readonly initContainers?: readonly Fields[] };
}

/** Of the bridge's container: what serves, and what the command line is. */
const ofServing = ['args', 'ports', 'startupProbe', 'livenessProbe', 'readinessProbe', 'lifecycle'];

export function drainTemplate(podTemplate: Fields | undefined): Fields | undefined {
  const { spec, ...rest } = (podTemplate ?? {}) as Template;
  if (!isFields(spec)) return podTemplate;
  const { containers, initContainers, ...other } = spec;
  const written = Array.isArray(containers) ? containers.filter(isFields) : [];
  const own = written.filter(({ name }) => name === 'bridge').map(container => without(container, ofServing));
  // Kubernetes ends these when the others have ended [1.29].
  const beside = written
    .filter(({ name }) => name !== 'bridge')
    .map(container => ({ ...container, restartPolicy: 'Always' }));
  const inits = [...(Array.isArray(initContainers) ? initContainers : []), ...beside];
  return {
    ...rest,
    spec: {
      ...other,
      ...(own.length > 0 && { containers: own }),
      ...(inits.length > 0 && { initContainers: inits }),
    },
  };
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const without = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
