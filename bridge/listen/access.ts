/** To which topics a client may publish: to those that one of the filters matches, with the client's own names in the place of `${...}`. */
import { filterMatches } from '../../rules/topic-filter.ts';

export interface AccessRules {
  /** Filters such as `cars/${clientid}/#`; undefined for everything but topics that begin with `$`. */
  readonly publish: readonly string[] | undefined;
}

export interface Identity {
  readonly clientid: string;
  readonly username: string | undefined;
}

/** How many topics of a client are remembered. */
const remembered = 64;

export class Access {
  readonly #filters: readonly string[] | undefined;
  /** Topics that were asked for, since devices publish to the same ones again and again. */
  readonly #known = new Map<string, boolean>();

  constructor({ publish }: AccessRules, identity: Identity) {
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
}

const dollar = 0x24;

/** The filter of one client; undefined if its name would make another filter of it. */
function filled(filter: string, { clientid, username }: Identity): string | undefined {
  let possible = true;
  const text = filter.replace(/\$\{(clientid|username)\}/g, (_, name: string) => {
    const value = name === 'clientid' ? clientid : username;
    // A name with a slash or a wildcard would reach into the topics of others.
    if (value === undefined || value === '' || /[/+#\0]/.test(value)) possible = false;
    return value ?? '';
  });
  return possible ? text : undefined;
}
