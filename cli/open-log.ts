/** The log of a command that runs for long: JSON lines for programs, short lines for a person at a terminal. */
import { createLog, type Logger } from '../bridge/observe/log.ts';
import { LogLines } from './log-lines.ts';
import { takesColour } from './output.ts';

export const logFormats = ['auto', 'text', 'json'] as const;

export interface LogOptions {
  readonly logLevel: string;
  readonly logFormat: (typeof logFormats)[number];
}

/** Whether lines are for a person. */
export const isText = ({ logFormat }: LogOptions): boolean =>
  logFormat === 'text' || (logFormat === 'auto' && process.stderr.isTTY === true);

/** @param aside writes where something else stands on the terminal, such as a live line */
export const openLog = (options: LogOptions, aside = (write: () => void): void => write()): Logger => {
  if (!isText(options)) return createLog(options.logLevel);
  const lines = new LogLines(takesColour(process.stderr));
  return createLog(options.logLevel, stderr => ({ write: json => aside(() => stderr.write(lines.text(json))) }));
};
