import { type BridgeFacts, goneFacts } from './status-facts.ts';

/** Tells which bridges there is something new about since the last time, deleted ones among them. Events alone are nothing new. */
export class StatusChanges {
  readonly #told = new Map<string, BridgeFacts>();

  since(bridges: readonly BridgeFacts[]): BridgeFacts[] {
    const now = new Map(bridges.map(bridge => [keyOf(bridge), bridge]));
    const changed = bridges.filter(bridge => textOf(this.#told.get(keyOf(bridge))) !== textOf(bridge));
    const gone = [...this.#told].filter(([key]) => !now.has(key)).map(([, bridge]) => goneFacts(bridge));
    this.#told.clear();
    for (const [key, bridge] of now) this.#told.set(key, bridge);
    return [...changed, ...gone];
  }
}

const keyOf = ({ namespace, name }: BridgeFacts): string => `${namespace}/${name}`;

const textOf = (bridge: BridgeFacts | undefined): string => JSON.stringify({ ...bridge, events: undefined });
