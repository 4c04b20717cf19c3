/** Keeps a table as its file is. A file that is wrong leaves the table as it was. */
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import type { MkbError } from '../../api/errors.ts';
import type { Table } from '../../rules/tables/tables.ts';
import type { TableFigures } from './figures.ts';
import { FileWatch } from './file-watch.ts';
import { readRows } from './read-rows.ts';

export interface FeedReports {
  /** A file cannot be taken. */
  problem(error: MkbError): void;
  read(figures: TableFigures): void;
}

/** A change is seen after one look, and taken after another one that finds the same. */
const lookMs = 200;
/** For what passes without a change of the file, such as too many open files. */
const againMs = 5000;

export class TableFeed {
  readonly #table: Table;
  readonly #watch: FileWatch;
  readonly #first = Promise.withResolvers<void>();
  #reports: FeedReports | undefined;
  #problem: MkbError | undefined;
  #failures = 0;
  #readAt = 0;
  #reading = false;
  #changed = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(table: Table) {
    this.#table = table;
    this.#watch = new FileWatch([table.section.file!], () => void this.#read(), lookMs);
  }

  get figures(): TableFigures {
    const { name, rows } = this.#table;
    const { count = 0, heldBytes = 0 } = rows ?? {};
    return { name, rows: count, heldBytes, readAt: this.#readAt, failures: this.#failures };
  }

  get problem(): MkbError | undefined {
    return this.#problem;
  }

  get missing(): string | undefined {
    if (this.#table.rows !== undefined) return undefined;
    const reason = this.#problem?.message.replace(/\.$/, '') ?? 'it is being read';
    return `rules wait for table ${this.#table.name}: ${reason}`;
  }

  async start(reports: FeedReports): Promise<void> {
    this.#reports = reports;
    // First, so that no change is missed between the reading and the first look.
    await this.#watch.start();
    void this.#read();
    await this.#first.promise;
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
    clearTimeout(this.#timer);
    this.#first.resolve();
  }

  /** One at a time; a change meanwhile is read after it. Never rejects. */
  async #read(): Promise<void> {
    this.#changed = true;
    if (this.#reading) return;
    this.#reading = true;
    while (this.#changed && !this.#closed) {
      this.#changed = false;
      await this.#readOnce();
    }
    this.#reading = false;
  }

  async #readOnce(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const rows = await readRows(this.#table.section);
      if (this.#closed) return;
      this.#table.use(rows);
      this.#problem = undefined;
      this.#readAt = Date.now() / 1000;
      this.#reports!.read(this.figures);
      this.#first.resolve();
    } catch (cause) {
      if (this.#closed) return;
      const error = asMkbError(cause);
      this.#failures++;
      this.#problem = error;
      this.#table.problem = error.message;
      this.#reports!.problem(error);
      if (error.kind === 'retryable') this.#timer = setTimeout(() => void this.#read(), againMs);
    }
  }
}
