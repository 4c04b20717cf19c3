/** The tables of a bridge: read before the first message, and again when their files change. */
import type { MkbError } from '../../api/errors.ts';
import type { Tables } from '../../rules/tables/tables.ts';
import { rowsAtOnceOf } from '../../rules/tables/tables.ts';
import type { TableFigures } from './figures.ts';
import { type FeedReports, TableFeed } from './table-feed.ts';

export class TableFeeds {
  readonly tables: Tables;
  readonly #feeds: readonly TableFeed[];

  /** Throws `table-invalid` for a table that stands in the document. */
  constructor(tables: Tables) {
    this.tables = tables;
    for (const table of tables.all)
      if (table.section.file === undefined) table.use(rowsAtOnceOf(table.section, table.section.text!));
    this.#feeds = tables.all.flatMap(table => (table.section.file === undefined ? [] : [new TableFeed(table)]));
  }

  get figures(): readonly TableFigures[] {
    return this.#feeds.map(feed => feed.figures);
  }

  /** Returns when each table was read, or this was closed. What cannot be read is reported, and read when that changes. */
  async start(reports: FeedReports): Promise<void> {
    await Promise.all(this.#feeds.map(feed => feed.start(reports)));
  }

  /** What the bridge waits for, each in a sentence. */
  missing(): readonly string[] {
    return this.#feeds.flatMap(({ missing }) => missing ?? []);
  }

  /** Why a table is not what its file says now. */
  get problems(): readonly MkbError[] {
    return this.#feeds.flatMap(({ problem }) => problem ?? []);
  }

  close(): void {
    for (const feed of this.#feeds) feed.close();
  }
}
