/** `mkb eval`: what a rule makes of one message, with no broker and no file. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { MkbError } from '../api/errors.ts';
import { compileRule } from '../rules/compile.ts';
import { evaluateEach, exampleMessage } from '../rules/example-message.ts';
import { encodeJson } from '../rules/json.ts';
import { placeAt, placeOf, renderCaret } from '../rules/position.ts';
import type { Rule } from '../rules/rule.ts';
import type { Schemas } from '../rules/schemas/schemas.ts';
import { shown } from '../rules/shown.ts';
import { documentFlags, documentHelp, schemasOfFile } from './document-schemas.ts';
import { parseBase64, parseTopic } from './eval-options.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { addMessageOptions, type MessageOptions, messageFacts } from './message-options.ts';
import { printError } from './output.ts';

interface EvalOptions extends MessageOptions {
  readonly topic: string;
  readonly payload?: string;
  readonly payloadFile?: string;
  readonly payloadBase64?: Buffer;
  readonly document?: string;
}

const help = `
Prints each row as one line of JSON, columns without a value left out. A message that the rule does not select gives no line. The window of a
rule with GROUP BY ends with this one message. A jq program may run for 10 s here unless the call says otherwise; a bridge gives it
delivery.limits.ruleTime, which is 1 s by default.

Examples:
  mkb eval 'SELECT payload.speed AS speed, vin FROM "cars/{vin}"' --topic cars/7 --payload '{"speed": 50}'
  mkb eval 'SELECT * FROM "#" WHERE qos = 2' --topic a --qos 2 --user-property unit=km --user-property unit=mi
  mkb eval "SELECT pub_props.'Content-Type' AS type, pub_props.'Response-Topic' AS answer FROM 'ask/#'" --topic ask/1 \\
    --content-type application/json --response-topic answers/7 --correlation-data 42 --message-expiry-interval 60
  mkb eval 'FOREACH payload AS p DO p.v AS v FROM "#"' --topic a --payload '[{"v": 1}, {"v": 2}]'
  mkb eval 'SELECT value.action AS action FROM "$kafka/commands"' --topic '$kafka/commands' --key car-1 --payload '{"action": "lock"}'
  mkb eval 'SELECT headers.source AS source, partition, offset, ts FROM "$kafka/commands"' --topic '$kafka/commands' \\
    --header source=app --partition 3 --offset 1200 --timestamp 2026-11-30T10:00:00Z
  mkb eval "$(cat rule.sql)" --topic cars/7 --payload-file message.json
  mkb eval "SELECT schema_decode('car', payload) AS car FROM '#'" --document bridge.yaml --topic a --payload-base64 BAY=
${exitCodeHelp(
  [exitCodes.ok, 'evaluated'],
  [exitCodes.failed, 'the SQL cannot be parsed'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'the document is not valid'],
  [exitCodes.evaluation, 'the SQL fails for this message'],
)}`;

const payloadOption = (flags: string, description: string, ...others: string[]): Option =>
  new Option(flags, description).conflicts(others);

const withPayload = (command: Command): Command =>
  command
    .addOption(
      new Option('-t, --topic <topic>', 'the topic of the message').argParser(parseTopic).makeOptionMandatory(),
    )
    .addOption(
      payloadOption('-p, --payload <text>', 'the payload as text (default: empty)', 'payloadFile', 'payloadBase64'),
    )
    .addOption(payloadOption('--payload-file <file>', 'the payload as a file, - for standard input', 'payloadBase64'))
    .option('--payload-base64 <base64>', 'the payload as bytes in base64', parseBase64);

export const evalCommand = (): Command =>
  addMessageOptions(withPayload(new Command('eval')))
    .description('evaluate the SQL of a rule for one message')
    .argument('<sql>', 'the rule; its FROM must match the topic')
    .option(documentFlags, documentHelp)
    .addHelpText('after', help)
    .action(async (sql: string, options: EvalOptions, command: Command) => {
      const payload = await payloadOf(options, command);
      const schemas = await schemasOfFile(options.document);
      process.exitCode =
        schemas === undefined ? exitCodes.configuration : await evaluate(sql, payload, options, schemas);
    });

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

const evaluate = async (sql: string, payload: Buffer, options: EvalOptions, schemas: Schemas): Promise<number> => {
  let failed: number = exitCodes.failed;
  try {
    compileAsBridge(sql, schemas);
    failed = exitCodes.evaluation;
    const message = exampleMessage({ timestamp: Date.now(), ...messageFacts(options), topic: options.topic, payload });
    const allMarked = new Set<string>();
    for (const row of evaluateEach(sql, message, { schemas, knowsPublisher: true })) {
      const { value, marked } = shown(row);
      if (!process.stdout.write(`${encodeJson(value)}\n`)) await once(process.stdout, 'drain');
      for (const name of marked) allMarked.add(name);
    }
    tellOfBytes([...allMarked]);
    return exitCodes.ok;
  } catch (error) {
    printError(error);
    printCaret(error);
    return failed;
  }
};

/** A rule that counts on the publisher works on this message alone: a bridge refuses it. */
const compileAsBridge = (sql: string, schemas: Schemas): void => {
  try {
    tellDoubts(sql, compileRule(sql, { schemas }));
  } catch (error) {
    if (!MkbError.is(error, 'rule-publisher-unknown')) throw error;
    process.stderr.write(`warning: a bridge refuses this rule. ${error.message} [${error.code}]\n`);
    printCaret(error);
    compileRule(sql, { schemas, knowsPublisher: true });
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
