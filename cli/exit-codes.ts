/** What the exit code of `mkb` says. Scripts rely on it: a code never changes its meaning. */
export const exitCodes = {
  ok: 0,
  /** The command could not do what it was asked; for `eval`, the SQL cannot be parsed. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The SQL is right, but fails for this message. */
  evaluation: 3,
  /** A server that the command needs cannot be reached, or does not let us in (EX_UNAVAILABLE of sysexits.h). */
  unavailable: 69,
  /** The configuration is wrong (EX_CONFIG of sysexits.h). */
  configuration: 78,
  /** A question was answered by Ctrl-C or Ctrl-D, as a shell has it. */
  interrupted: 130,
} as const;

/** For --help. */
export const exitCodeHelp = (...lines: [code: number, meaning: string][]): string =>
  `\nExit codes: ${lines.map(([code, meaning]) => `${code} ${meaning}`).join(', ')}.`;
