/** What is wrong with the text of a table, and where: a byte of it, from 0. */
export class TableFault extends Error {
  readonly offset: number;

  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}
