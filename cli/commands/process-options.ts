/** Options that the commands have alike which connect to the brokers of a document. */
import { InvalidArgumentError, Option } from 'commander';
import { readDuration } from '../../api/durations.ts';
import { type Address, parseAddress } from '../address.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export const secretsDirOption = (): Option =>
  new Option('--secrets-dir <dir>', 'the folder of secretKeyRef: <dir>/<name>/<key>').default('secrets');

export const logLevelOption = (): Option =>
  new Option('--log-level <level>', 'the least important level to log').choices(levels).default('info');

export const logFormatOption = (): Option =>
  new Option('--log-format <format>', 'how to log; auto is text on a terminal, and JSON lines otherwise')
    .choices(['auto', 'text', 'json'])
    .default('auto');

/** Which replica of a shared subscription is meant. Undefined when it is not given. */
export const ordinalOption = (description: string): Option =>
  new Option('--ordinal <n>', description).argParser(parseOrdinal);

const parseOrdinal = (text: string): number => {
  if (!/^[0-9]{1,4}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 0.');
  return Number(text);
};

/** For Option.argParser: text such as 90s, kept as it is written. */
export const checkDuration = (text: string): string => {
  parseDuration(text);
  return text;
};

/** For Option.argParser: text such as 90s, in milliseconds. */
export const parseDuration = (text: string): number => {
  const duration = readDuration(text);
  if (typeof duration !== 'number') throw new InvalidArgumentError(`"${text}" is not ${duration.expected}.`);
  return duration;
};

/** For Option.argParser: a number without a fraction. */
export const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const number = Number(text);
    if (/^[0-9]+$/.test(text) && number >= least && number <= most) return number;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Write a whole number ${range}.`);
  };

/** Where to serve metrics and health; on this machine only, unless it says otherwise. */
export const httpOption = (port: number): Option =>
  new Option('--http <host:port>', 'where to serve metrics and health; port 0 takes a free one')
    .argParser(parseHttp(port))
    .default({ host: '127.0.0.1', port }, `127.0.0.1:${port}`);

/** @param port for the example in the error */
export const parseHttp =
  (port: number) =>
  (text: string): Address => {
    const address = parseAddress(text);
    if (address === undefined) throw new InvalidArgumentError(`Write HOST:PORT, such as 127.0.0.1:${port}.`);
    return address;
  };
