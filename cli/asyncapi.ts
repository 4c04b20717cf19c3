/** `mkb asyncapi`: what a bridge receives and sends, for people and programs that know nothing of it; or whether a file still says so. */
import { parse, stringify } from 'yaml';
import { MkbError } from '../api/errors.ts';
import { readSources } from '../api/files.ts';
import { hasErrors } from '../api/problems.ts';
import { asyncapiOf } from './asyncapi/contract.ts';
import { differences } from './asyncapi/differences.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { printError, printProblems } from './output.ts';

export interface AsyncapiOptions {
  readonly format: 'yaml' | 'json';
  readonly apiVersion: string;
  readonly check?: string;
}

/** Returns the exit code. */
export const asyncapi = async (file: string, options: AsyncapiOptions): Promise<number> => {
  try {
    return await contractOf(file, options);
  } catch (error) {
    printError(error);
    return exitCodes.configuration;
  }
};

/** Throws `document-unreadable`. */
async function contractOf(file: string, { format, apiVersion, check }: AsyncapiOptions): Promise<number> {
  const { documents, problems } = await loadChecked([file], 'anywhere');
  printProblems(problems.filter(({ severity }) => severity === 'error'));
  if (hasErrors(problems)) return exitCodes.configuration;
  if (documents.length > 1)
    throw new MkbError('document-unreadable', {
      file,
      reason: 'it holds several documents, and a contract describes one bridge',
    });
  const contract = asyncapiOf(documents[0]!.document, apiVersion);
  if (check !== undefined) return compare(check, contract);
  process.stdout.write(
    format === 'json'
      ? `${JSON.stringify(contract, null, 2)}\n`
      : stringify(contract, { lineWidth: 0, aliasDuplicateObjects: false }),
  );
  return exitCodes.ok;
}

const shownDifferences = 20;

/** By what they say, not how. The version of the contract is its owner's. */
async function compare(file: string, contract: object): Promise<number> {
  const found = differences(withoutVersion(await read(file)), withoutVersion(contract));
  if (found.length === 0) return exitCodes.ok;
  const more = found.length > shownDifferences ? [`and ${found.length - shownDifferences} more`] : [];
  const lines = [...found.slice(0, shownDifferences), ...more];
  process.stdout.write(`${file} is out of date:\n${lines.map(line => `  ${line}\n`).join('')}`);
  return exitCodes.failed;
}

/** As JSON has it, so that what YAML may hold beside it is no difference. */
async function read(file: string): Promise<unknown> {
  const [source] = await readSources([file], {});
  if ('error' in source!) throw source.error;
  try {
    return JSON.parse(JSON.stringify(parse(source!.text) ?? null)) as unknown;
  } catch (cause) {
    const [reason] = (cause as Error).message.split('\n');
    throw new MkbError('document-unreadable', { file, reason: reason!.replace(/[.:]$/, '') }, { cause });
  }
}

const withoutVersion = (contract: unknown): unknown => {
  const { info } = Object(contract) as { info?: unknown };
  if (typeof info !== 'object' || info === null) return contract;
  return { ...(contract as object), info: { ...info, version: undefined } };
};
