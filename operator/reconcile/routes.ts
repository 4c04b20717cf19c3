/** Whether Gateways lead clients to a managed broker, or to the bridge: what those that its route names have written into the status of the route. */
import { routeKinds } from '../kinds.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Why } from './answer.ts';
import { ageMs } from './workloads.ts';

export interface RouteFound {
  readonly title: string;
  /** What each Gateway that has not taken it says, or that one has said nothing. */
  readonly refusals: readonly string[];
  /** So young that a Gateway may just not have answered yet. */
  readonly young: boolean;
}

interface Parent {
  readonly name: string;
  readonly namespace?: string;
  readonly kind?: string;
  readonly sectionName?: string;
  readonly port?: number;
}

interface Route extends KubeObject {
  readonly spec?: { readonly parentRefs?: readonly Parent[] };
  readonly status?: {
    readonly parents?: readonly {
      readonly parentRef: Parent;
      readonly conditions?: readonly RouteCondition[];
    }[];
  };
}

interface RouteCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

/** How long a Gateway may take to answer, milliseconds. */
const answersWithinMs = 30_000;

const kindsOfRoutes: ReadonlySet<string> = new Set(routeKinds.map(({ kind }) => kind));

/** What must hold of a route at each Gateway [Gateway API: RouteConditionType]. */
const wanted: ReadonlySet<string> = new Set(['Accepted', 'ResolvedRefs']);

/** @param objects what belongs to the bridge */
export const routesFound = (objects: readonly KubeObject[], now: Date): RouteFound[] =>
  objects.filter(({ kind }) => kindsOfRoutes.has(kind)).map(each => routeFound(each, now));

function routeFound(route: Route, now: Date): RouteFound {
  const answers = route.status?.parents ?? [];
  const silent = (route.spec?.parentRefs ?? []).filter(
    parent => !answers.some(({ parentRef }) => sameParent(route, parentRef, parent)),
  );
  const refused = answers.flatMap(({ parentRef, conditions = [] }) =>
    conditions
      .filter(({ type, status }) => wanted.has(type) && status === 'False')
      .map(({ reason, message }) => `${nameOf(route, parentRef)} says ${reason}: ${message.slice(0, 500)}`),
  );
  const young = silent.length > 0 && ageMs(route, now) < answersWithinMs;
  const unanswered = young ? [] : silent.map(parent => `${nameOf(route, parent)} has not answered`);
  return { title: `${route.kind} ${route.metadata.name}`, refusals: [...refused, ...unanswered], young };
}

/** Of a status, the defaults are filled in. */
const nameOf = (route: Route, { kind = 'Gateway', namespace, name, sectionName, port }: Parent): string =>
  `${kind} ${namespace ?? route.metadata.namespace}/${name}${sectionName === undefined ? '' : ` (${sectionName})`}${port === undefined ? '' : `:${port}`}`;

const sameParent = (route: Route, one: Parent, other: Parent): boolean => nameOf(route, one) === nameOf(route, other);

/** What there is to say of routes that lead nowhere. @param unserved kinds that the cluster does not have */
export function routesWhy(routes: readonly RouteFound[], unserved: readonly string[]): Why | undefined {
  const absent = unserved.filter(kind => kindsOfRoutes.has(kind));
  if (absent.length > 0) {
    const message = `The cluster has no ${absent.join(' and no ')} of gateway.networking.k8s.io/v1, which its gateway asks for: nothing leads here from outside. Install the Gateway API (TLSRoute from 1.5, TCPRoute from 1.6 on), or leave gateway out.`;
    return { reason: 'GatewayApiMissing', message };
  }
  const refused = routes.filter(({ refusals }) => refusals.length > 0);
  if (refused.length === 0) return undefined;
  const each = refused.map(({ title, refusals }) => `${title}: ${refusals.join('; ')}.`).join(' ');
  const remedy =
    'Correct the gateway of the document, or let the listener take such routes of this namespace (its protocol, and allowedRoutes).';
  return { reason: 'RouteNotAccepted', message: `${each} ${remedy}` };
}
