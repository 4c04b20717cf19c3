/**
 * What is promised, and how a run is judged: every message that the MQTT broker acknowledged is in Kafka, intact, under its
 * client's key, and each client's messages are in the order in which they were published. Copies are allowed and counted: this is at
 * least once. So order is judged among first arrivals, which is what a reader sees who ignores numbers it has had.
 *
 * A message that was published and never acknowledged may be there or not; it takes no part in the order either.
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
export function judge(
  ledgers: readonly Ledger[],
  arrivals: readonly Arrival[],
  { ordered = true }: JudgeOptions = {},
): Verdict {
  const accounts = new Map(ledgers.map(ledger => [ledger.client, new Account(ledger)]));
  const strange: string[] = [];
  for (const arrival of arrivals) {
    const account = accounts.get(arrival.client ?? '');
    if (account?.knows(arrival)) account.enter(arrival);
    else strange.push(`partition ${arrival.partition} offset ${arrival.offset}`);
  }
  const of = (list: (account: Account) => string | undefined) =>
    [...accounts.values()].map(list).filter(text => text !== undefined);
  const problems = [
    ...sentence(
      'Acknowledged messages are missing',
      of(account => account.missing()),
    ),
    ...sentence('Records are not what anybody published', strange),
    ...sentence('Messages arrived out of order', ordered ? of(account => account.reordered()) : []),
    ...sentence(
      'Clients are spread over partitions',
      of(account => account.spread()),
    ),
    ...sentence(
      'Records have the wrong key',
      of(account => account.misplaced()),
    ),
  ];
  const sum = (count: (account: Account) => number) => [...accounts.values()].reduce((n, each) => n + count(each), 0);
  const published = sum(({ ledger }) => ledger.published);
  const acknowledged = sum(({ ledger }) => ledger.acknowledged.size);
  const duplicates = sum(account => account.duplicates);
  const lost = sum(account => account.lost.length);
  const counts = `${published} published, ${acknowledged} acknowledged, ${arrivals.length} records, ${duplicates} duplicates`;
  const text = [`${counts}: ${problems.length === 0 ? 'every promise kept' : 'PROMISES BROKEN'}.`, ...problems].join(
    '\n',
  );
  return { published, acknowledged, records: arrivals.length, duplicates, lost, problems, text };
}

/** What arrived of one client. */
class Account {
  readonly ledger: Ledger;
  duplicates = 0;
  readonly #arrived = new Set<number>();
  readonly #partitions = new Set<number>();
  readonly #late: string[] = [];
  readonly #wrongKeys = new Set<string>();
  #newest = -1;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  knows({ number }: Arrival): boolean {
    return number !== undefined && number >= 0 && number < this.ledger.published;
  }

  enter({ partition, key, number }: Arrival): void {
    this.#partitions.add(partition);
    if (key !== this.ledger.client) this.#wrongKeys.add(key ?? 'none');
    if (this.#arrived.has(number!)) {
      this.duplicates += 1;
      return;
    }
    this.#arrived.add(number!);
    if (!this.ledger.acknowledged.has(number!)) return;
    if (number! < this.#newest) this.#late.push(`${number} after ${this.#newest}`);
    else this.#newest = number!;
  }

  get lost(): number[] {
    return [...this.ledger.acknowledged].filter(number => !this.#arrived.has(number)).sort((a, b) => a - b);
  }

  missing(): string | undefined {
    const numbers = this.lost;
    return numbers.length === 0 ? undefined : `${this.ledger.client}: ${numbers.length} (${ranges(numbers)})`;
  }

  reordered(): string | undefined {
    return this.#late.length === 0 ? undefined : `${this.ledger.client}: ${few(this.#late)}`;
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
