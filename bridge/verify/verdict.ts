/**
 * What is promised, and how a run is judged: every message that the MQTT broker acknowledged is in Kafka, intact, under its
 * client's key, and each client's messages are in the order in which they were published. Copies are allowed and counted: this is at
 * least once. So order is judged among first arrivals, which is what a reader sees who ignores numbers it has had.
 *
 * A message that was published and never acknowledged may be there or not; it takes no part in the order either.
 *
 * Both the tests of faults and `mkb verify` judge by this.
 */

/** What one client did. */
export interface Ledger {
  readonly client: string;
  /** Numbers 0 to this, exclusive, were published. */
  published: number;
  /** Numbers that the broker acknowledged. */
  readonly acknowledged: Set<number>;
}

/** One record of Kafka. `client` and `number` are undefined when the payload is not what anybody published. */
export interface Arrival {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | undefined;
  readonly client: string | undefined;
  readonly number: number | undefined;
}

export interface Verdict {
  readonly published: number;
  readonly acknowledged: number;
  readonly records: number;
  readonly duplicates: number;
  /** Acknowledged messages that are not there. */
  readonly lost: number;
  /** Acknowledged messages that came first after a later one of their client. */
  readonly reordered: number;
  /** The numbers of the lost ones, by client. */
  readonly missing: ReadonlyMap<string, readonly number[]>;
  /** Broken promises, a sentence each. Empty is good. */
  readonly problems: readonly string[];
  /** The whole verdict for people. */
  readonly text: string;
}

export interface JudgeOptions {
  /** False where members of a shared subscription take turns, and may overtake one another. True when left out. */
  readonly ordered?: boolean;
}

/** Judges a run. Records of one partition must come in the order of their offsets. */
export function judge(ledgers: readonly Ledger[], arrivals: readonly Arrival[], options: JudgeOptions = {}): Verdict {
  const tally = new Tally(ledgers);
  for (const arrival of arrivals) tally.enter(arrival);
  return tally.verdict(options);
}

/** Counts records as they come; a message may be acknowledged after its record was entered. */
export class Tally {
  /** Records that were entered. */
  records = 0;
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #strange: string[] = [];

  constructor(ledgers: readonly Ledger[]) {
    this.#accounts = new Map(ledgers.map(ledger => [ledger.client, new Account(ledger)]));
  }

  /** Returns whether it is the first record of a message. */
  enter(arrival: Arrival): boolean {
    this.records++;
    const account = this.#accounts.get(arrival.client ?? '');
    if (account?.knows(arrival)) return account.enter(arrival);
    this.#strange.push(`partition ${arrival.partition} offset ${arrival.offset}`);
    return false;
  }

  /** Acknowledged messages that have not come yet. */
  get outstanding(): number {
    return this.#sum(account => account.lost.length);
  }

  verdict({ ordered = true }: JudgeOptions = {}): Verdict {
    const late = new Map([...this.#accounts].map(([client, account]) => [client, account.late()]));
    const problems = [
      ...sentence(
        'Acknowledged messages are missing',
        this.#of(account => account.missing()),
      ),
      ...sentence('Records are not what anybody published', this.#strange),
      ...sentence('Messages arrived out of order', ordered ? [...late].flatMap(reordered) : []),
      ...sentence(
        'Clients are spread over partitions',
        this.#of(account => account.spread()),
      ),
      ...sentence(
        'Records have the wrong key',
        this.#of(account => account.misplaced()),
      ),
    ];
    const published = this.#sum(({ ledger }) => ledger.published);
    const acknowledged = this.#sum(({ ledger }) => ledger.acknowledged.size);
    const duplicates = this.#sum(account => account.duplicates);
    const missing = new Map([...this.#accounts].map(([client, account]) => [client, account.lost]));
    const counts = `${published} published, ${acknowledged} acknowledged, ${this.records} records, ${duplicates} duplicates`;
    const text = [`${counts}: ${problems.length === 0 ? 'every promise kept' : 'PROMISES BROKEN'}.`, ...problems].join(
      '\n',
    );
    return {
      ...{ published, acknowledged, records: this.records, duplicates, missing, problems, text },
      lost: sumOf([...missing.values()].map(({ length }) => length)),
      reordered: sumOf([...late.values()].map(({ length }) => length)),
    };
  }

  #of(list: (account: Account) => string | undefined): string[] {
    return [...this.#accounts.values()].map(list).filter(text => text !== undefined);
  }

  #sum(count: (account: Account) => number): number {
    return sumOf([...this.#accounts.values()].map(count));
  }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

const reordered = ([client, late]: readonly [string, readonly string[]]): string[] =>
  late.length === 0 ? [] : [`${client}: ${few(late)}`];

/** What arrived of one client. */
class Account {
  readonly ledger: Ledger;
  duplicates = 0;
  readonly #arrived = new Set<number>();
  readonly #partitions = new Set<number>();
  readonly #wrongKeys = new Set<string>();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  knows({ number }: Arrival): boolean {
    return number !== undefined && number >= 0 && number < this.ledger.published;
  }

  enter({ partition, key, number }: Arrival): boolean {
    this.#partitions.add(partition);
    if (key !== this.ledger.client) this.#wrongKeys.add(key ?? 'none');
    const before = this.#arrived.size;
    this.#arrived.add(number!);
    const isFirst = this.#arrived.size > before;
    if (!isFirst) this.duplicates += 1;
    return isFirst;
  }

  /** A set keeps the order in which its members came. */
  late(): string[] {
    const late: string[] = [];
    let newest = -1;
    for (const number of this.#arrived) {
      if (!this.ledger.acknowledged.has(number)) continue;
      if (number < newest) late.push(`${number} after ${newest}`);
      else newest = number;
    }
    return late;
  }

  get lost(): number[] {
    return [...this.ledger.acknowledged].filter(number => !this.#arrived.has(number)).sort((a, b) => a - b);
  }

  missing(): string | undefined {
    const numbers = this.lost;
    return numbers.length === 0 ? undefined : `${this.ledger.client}: ${numbers.length} (${ranges(numbers)})`;
  }

  spread(): string | undefined {
    return this.#partitions.size <= 1
      ? undefined
      : `${this.ledger.client}: ${[...this.#partitions].sort().join(' and ')}`;
  }

  misplaced(): string | undefined {
    return this.#wrongKeys.size === 0 ? undefined : `${this.ledger.client}: ${few([...this.#wrongKeys])}`;
  }
}

const sentence = (what: string, where: readonly string[]): string[] =>
  where.length === 0 ? [] : [`${what}: ${few(where)}.`];

const few = (list: readonly string[]): string =>
  list.length <= 8 ? list.join(', ') : `${list.slice(0, 8).join(', ')} and ${list.length - 8} more`;

/** 1, 2, 3, 7 as "1-3, 7". */
function ranges(numbers: readonly number[]): string {
  const found: [first: number, last: number][] = [];
  for (const number of numbers) {
    const open = found.at(-1);
    if (open && number === open[1] + 1) open[1] = number;
    else found.push([number, number]);
  }
  return few(found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)));
}
