/** What is wrong with a record batch, in words that go behind "is damaged:". */
export class BatchFault extends Error {
  /** The offset that could not be read. */
  readonly offset: bigint;

  constructor(offset: bigint, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.offset = offset;
  }
}
