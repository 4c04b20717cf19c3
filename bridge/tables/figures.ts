/** What a bridge shows of a table of a file. */
export interface TableFigures {
  readonly name: string;
  readonly rows: number;
  /** Memory that its rows hold, bytes. */
  readonly heldBytes: number;
  /** When it was read last, seconds since 1970; 0 if it was not. */
  readonly readAt: number;
  /** How often its file could not be taken. */
  readonly failures: number;
}
