/** What became of those that connected, in numbers. */

/** Why a CONNECT is refused. */
const refusedConnects = [
  'malformed',
  'version',
  'client_id',
  'not_authorised',
  'failed_logins',
  'unavailable',
  'busy',
  'unsupported',
] as const;

export type Refused = (typeof refusedConnects)[number];

export const refusals = [...refusedConnects, 'timeout', 'connections', 'address', 'rate'] as const;

export type Refusal = (typeof refusals)[number];

export const ends = [
  'goodbye',
  'lost',
  'keep_alive',
  'taken_over',
  'protocol',
  'limit',
  'expired',
  'stopped',
  'other',
] as const;

export type End = (typeof ends)[number];

const endOf: Readonly<Record<number, End>> = {
  [-1]: 'lost',
  0: 'goodbye',
  129: 'protocol',
  130: 'protocol',
  135: 'other',
  139: 'stopped',
  141: 'keep_alive',
  142: 'taken_over',
  144: 'protocol',
  147: 'protocol',
  148: 'protocol',
  149: 'protocol',
  151: 'limit',
  154: 'protocol',
  156: 'stopped',
  160: 'expired',
};

export class ClientCounts {
  /** Clients that were let in. */
  welcomed = 0;
  /** Messages that a client was not allowed to publish. */
  denied = 0;
  /** Wills that there was no room for. */
  willsLost = 0;
  readonly refused: Record<Refusal, number>;
  readonly ends: Record<End, number>;

  constructor() {
    this.refused = Object.fromEntries(refusals.map(name => [name, 0])) as Record<Refusal, number>;
    this.ends = Object.fromEntries(ends.map(name => [name, 0])) as Record<End, number>;
  }

  refuse(why: Refusal): void {
    this.refused[why]++;
  }

  /** @param reasonCode of our DISCONNECT; 0 for one of the client's, -1 for a lost connection */
  ended(reasonCode: number): void {
    this.ends[endOf[reasonCode] ?? 'other']++;
  }
}
