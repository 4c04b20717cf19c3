/** `mkb eval`: what a rule makes of one message, with no broker and no file. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { MkbError } from '../api/errors.ts';
import { compileRule } from '../rules/compile.ts';
import { type ExampleMessage, evaluateEach, exampleMessage } from '../rules/example-message.ts';
import { encodeJson } from '../rules/json.ts';
import { placeAt, placeOf, renderCaret } from '../rules/position.ts';
import type { Rule } from '../rules/rule.ts';
import type { Ambient } from '../rules/scope.ts';
import { shown } from '../rules/shown.ts';
import { whyNoRow } from '../rules/why-no-row.ts';
import { type MessageOptions, messageFacts } from './commands/message-options.ts';
import { type DocumentWorld, worldOfFile } from './document-world.ts';
import { findRule, recordsOf } from './eval-records.ts';
import { exitCodes } from './exit-codes.ts';
import { printError } from './output.ts';

export interface EvalOptions extends MessageOptions {
  readonly topic: string;
  readonly payload?: string;
  readonly payloadFile?: string;
  readonly payloadBase64?: Buffer;
  readonly document?: string;
  readonly rule?: string;
}

/** Returns the exit code. @param command reports what is wrong with its options */
export const evaluateRule = async (
  sql: string | undefined,
  options: EvalOptions,
  command: Command,
): Promise<number> => {
  const payload = await payloadOf(options, command);
  if (sql === undefined) return printRecords(payload, options);
  const world = await worldOfFile(options.document);
  return world === undefined ? exitCodes.configuration : await evaluate(sql, payload, options, world);
};

/** What the sinks of a rule of the document write. */
const printRecords = async (payload: Buffer, options: EvalOptions): Promise<number> => {
  const named = await findRule(options.document!, options.rule!);
  if (named === undefined) return exitCodes.configuration;
  const message = messageOf(payload, options);
  return answer(exitCodes.evaluation, async () => {
    const records = recordsOf(named, message);
    process.stdout.write(records.map(record => `${record}\n`).join('---\n'));
    if (records.length === 0) tellWhyNot(named.document.sql, message, named.ambient);
  });
};

const messageOf = (payload: Buffer, options: EvalOptions): ExampleMessage =>
  exampleMessage({ timestamp: Date.now(), ...messageFacts(options), topic: options.topic, payload });

/** The exit code: `failed` when `work` throws an error of the table, which is printed with its place in the SQL. */
const answer = async (failed: number, work: () => Promise<void>): Promise<number> => {
  try {
    await work();
    return exitCodes.ok;
  } catch (error) {
    printError(error);
    printCaret(error);
    return failed;
  }
};

const tellWhyNot = (sql: string, message: ExampleMessage, ambient: Partial<Ambient>): void => {
  process.stderr.write(`no row: ${whyNoRow(sql, message, ambient)}\n`);
};

const payloadOf = async ({ payload, payloadFile, payloadBase64 }: EvalOptions, command: Command): Promise<Buffer> => {
  if (payloadBase64) return payloadBase64;
  if (payloadFile === undefined) return Buffer.from(payload ?? '');
  try {
    return payloadFile === '-' ? await buffer(process.stdin) : await readFile(payloadFile);
  } catch (error) {
    return command.error(
      `error: --payload-file ${payloadFile} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
};

const evaluate = async (sql: string, payload: Buffer, options: EvalOptions, world: DocumentWorld): Promise<number> => {
  const compiled = await answer(exitCodes.failed, async () => compileAsBridge(sql, world));
  if (compiled !== exitCodes.ok) return compiled;
  return answer(exitCodes.evaluation, async () => {
    const message = messageOf(payload, options);
    const ambient = { ...world, knowsPublisher: true };
    const allMarked = new Set<string>();
    let rows = 0;
    for (const row of evaluateEach(sql, message, ambient)) {
      rows++;
      const { value, marked } = shown(row);
      if (!process.stdout.write(`${encodeJson(value)}\n`)) await once(process.stdout, 'drain');
      for (const name of marked) allMarked.add(name);
    }
    if (rows === 0) tellWhyNot(sql, message, ambient);
    tellOfBytes([...allMarked]);
  });
};

/** A rule that counts on the publisher works on this message alone: a bridge refuses it. */
const compileAsBridge = (sql: string, world: DocumentWorld): void => {
  try {
    tellDoubts(sql, compileRule(sql, world));
  } catch (error) {
    if (!MkbError.is(error, 'rule-publisher-unknown')) throw error;
    process.stderr.write(`warning: a bridge refuses this rule. ${error.message} [${error.code}]\n`);
    printCaret(error);
    compileRule(sql, { ...world, knowsPublisher: true });
  }
};

/** What `mkb validate` warns of. */
const tellDoubts = (sql: string, { doubts }: Rule): void => {
  for (const { offset, reason } of doubts) {
    process.stderr.write(`warning: ${reason}. [rule-doubtful]\n${renderCaret(placeAt(sql, offset))}\n`);
  }
};

const printCaret = (error: unknown): void => {
  const place = placeOf(error);
  if (place) process.stderr.write(`${renderCaret(place)}\n`);
};

const tellOfBytes = (marked: readonly string[]): void => {
  if (marked.length === 0) return;
  process.stderr.write(
    `note: shown in base64, because it is no UTF-8 text: ${marked.join(', ')}. A sink sends such bytes as they are (value: \${payload}), but not within JSON: encode them there (base64_encode, bin2hexstr).\n`,
  );
};
