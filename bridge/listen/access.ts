/** To which topics a client may publish and subscribe: those of the document's filters, with the client's own names in the place of `${...}`. */

import { clientPlaceholder } from '../../rules/client-placeholder.ts';
import { filterCovers, filterMatches } from '../../rules/topic-filter.ts';
import { ownValue, type ValueMap } from '../../rules/value.ts';

export interface AccessRules {
  /** Filters such as `cars/${clientid}/#`; undefined for everything but topics that begin with `$`. */
  readonly publish: readonly string[] | undefined;
  /** The same; undefined for everything but topics that begin with `$`, and all topics at once. */
  readonly subscribe: readonly string[] | undefined;
}

export interface Identity {
  readonly clientid: string;
  readonly username: string | undefined;
  readonly attributes?: ValueMap | undefined;
}

/** Of a client that may do everything. Topics that begin with `$` are nobody's. */
export const everywhere: AccessRules = { publish: ['#'], subscribe: ['#'] };

/** How many topics of a client are remembered. */
const remembered = 64;

export class Access {
  readonly #filters: readonly string[] | undefined;
  readonly #subscribe: readonly string[] | undefined;
  /** Topics that were asked for, since devices publish to the same ones again and again. */
  readonly #known = new Map<string, boolean>();

  constructor({ publish, subscribe }: AccessRules, identity: Identity) {
    this.#subscribe = subscribe?.flatMap(filter => filled(filter, identity) ?? []);
    this.#filters = publish?.flatMap(filter => filled(filter, identity) ?? []);
  }

  mayPublish(topic: string): boolean {
    if (this.#filters === undefined) return topic.charCodeAt(0) !== dollar;
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const may = this.#filters.some(filter => filterMatches(filter, topic));
    if (this.#known.size >= remembered) this.#known.clear();
    this.#known.set(topic, may);
    return may;
  }

  /** Whether it may have all that the filter matches. */
  maySubscribe(filter: string): boolean {
    if (this.#subscribe === undefined) return filter.charCodeAt(0) !== dollar && !everything.has(filter);
    return this.#subscribe.some(allowed => filterCovers(allowed, filter));
  }
}

const dollar = 0x24;
/** Filters for everything. */
const everything: ReadonlySet<string> = new Set(['#', '+/#']);

/** The filter of one client; undefined if its name would make another filter of it. */
function filled(filter: string, { clientid, username, attributes }: Identity): string | undefined {
  let possible = true;
  const text = filter.replace(clientPlaceholder, (_, name: string, attribute: string | undefined) => {
    const own = name === 'clientid' ? clientid : username;
    const value = attribute === undefined ? own : attributes && (ownValue(attributes, attribute) as string | undefined);
    // A name with a slash or a wildcard would reach into the topics of others.
    if (value === undefined || value === '' || /[/+#\0]/.test(value)) possible = false;
    return value ?? '';
  });
  return possible ? text : undefined;
}
