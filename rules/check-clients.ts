/** What `mqtt.clients` says of topics and attributes: filters that can stand for topics, and patterns that can find something. */
import type { ErrorDetails } from '../api/errors.ts';
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import type { Path, Problem } from '../api/problems.ts';
import { clientPlaceholder } from './client-placeholder.ts';
import { problemOf } from './problem-of.ts';
import { Refusal } from './refusal.ts';
import { compilePattern } from './regex.ts';
import { filterProblem } from './topic-filter.ts';

type Clients = NonNullable<LoadedDocument['document']['spec']['mqtt']['clients']>;

const section: Path = ['spec', 'mqtt', 'clients'];

export function checkClients(loaded: LoadedDocument): Problem[] {
  const { clients } = (loaded.document.spec.mqtt ?? {}) as { clients?: Partial<Clients> };
  if (typeof clients !== 'object' || clients === null) return [];
  const names = attributeNames(clients);
  return [
    ...(['publish', 'subscribe'] as const).flatMap(field =>
      listOf(clients[field]).flatMap((filter, index) => {
        const reason = typeof filter === 'string' ? filterReason(filter, names) : undefined;
        if (reason === undefined) return [];
        const error = new MkbError('client-filter-unknown', { filter: JSON.stringify(filter), reason });
        return [problemOf(loaded, [...section, field, index], error)];
      }),
    ),
    ...listOf(clients.attributes).flatMap((attribute, index) => {
      const { name, pattern } = (attribute ?? {}) as { name?: unknown; pattern?: unknown };
      const problem = typeof pattern === 'string' ? attributeProblem(String(name), pattern) : undefined;
      return problem === undefined ? [] : [problemOf(loaded, [...section, 'attributes', index, 'pattern'], problem)];
    }),
  ];
}

/** Why a pattern finds no value; undefined if it can. */
export function attributeProblem(name: string, pattern: string): MkbError | undefined {
  const fail = (reason: string): MkbError =>
    new MkbError('client-attribute-invalid', { name, reason } satisfies ErrorDetails<'client-attribute-invalid'>);
  try {
    return compilePattern(pattern).groupCount > 0 ? undefined : fail('its pattern has no group');
  } catch (error) {
    if (error instanceof Refusal) return fail(error.message);
    throw error;
  }
}

/** Names that clients can have; undefined where a server names them. */
function attributeNames({ attributes, jwt, http }: Partial<Clients>): ReadonlySet<string> | undefined {
  if (http !== undefined) return undefined;
  const own = listOf(attributes).map(each => (each as { name?: unknown } | null)?.name);
  return new Set([...own, ...Object.keys(jwt?.attributes ?? {})].map(String));
}

function filterReason(filter: string, names: ReadonlySet<string> | undefined): string | undefined {
  const used = [...filter.matchAll(clientPlaceholder)].flatMap(([, , name]) => name ?? []);
  const unknown = names && used.find(name => !names.has(name));
  if (unknown !== undefined) return `no client has an attribute ${unknown}`;
  // A name of a client has no slash and no wildcard, so it is part of one level.
  const plain = filter.replace(clientPlaceholder, 'x');
  return plain.includes('${') ? 'it names what is nothing of a client' : filterProblem(plain);
}

/** What has the wrong shape is someone else's finding. */
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
