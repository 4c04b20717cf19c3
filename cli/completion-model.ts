/** What a shell has to know of the commands to complete them. */

export interface CompletedOption {
  /** As they are written: `--log-level`, and `-n` before it if there is a short one. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** The values there are; empty for any. */
  readonly choices: readonly string[];
}

/** A command, or the program itself. */
export interface CompletedCommand {
  /** The words that lead to it, the program's name first. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** What may come next: names of commands, or values of an argument. */
  readonly words: readonly string[];
}
