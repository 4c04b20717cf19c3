/** Options that the commands have alike which connect to the brokers of a document. */
import { InvalidArgumentError, Option } from 'commander';
import { durationMs } from '../api/units.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export const secretsDirOption = (): Option =>
  new Option('--secrets-dir <dir>', 'the folder of secretKeyRef: <dir>/<name>/<key>').default('secrets');

export const logLevelOption = (): Option =>
  new Option('--log-level <level>', 'the least important level to log').choices(levels).default('info');

/** Which replica of a shared subscription is meant. Undefined when it is not given. */
export const ordinalOption = (description: string): Option =>
  new Option('--ordinal <n>', description).argParser(parseOrdinal);

const parseOrdinal = (text: string): number => {
  if (!/^[0-9]{1,4}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 0.');
  return Number(text);
};

/** For Option.argParser: text such as 90s, kept as it is written. */
export const checkDuration = (text: string): string => {
  try {
    durationMs(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
};
