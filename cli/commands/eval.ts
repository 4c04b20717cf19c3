/** The command line of `mkb eval`. */
import { Command, Option } from 'commander';
import type { EvalOptions } from '../eval.ts';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import { documentOption } from './document-option.ts';
import { addMessageOptions } from './message-options.ts';
import { parseBase64, parseTopic } from './message-values.ts';

const help = `
Prints each row as one line of JSON, columns without a value left out. A message of which there is no row gives no line, and stderr says why. The window of a
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
  mkb eval --document bridge.yaml --rule fast --topic cars/7 --payload '{"speed": 120}'        topic, key, value and headers of its records
  mkb eval "SELECT schema_decode('car', payload) AS car FROM '#'" --document bridge.yaml --topic a --payload-base64 BAY=
${exitCodeHelp(
  [exitCodes.ok, 'evaluated'],
  [exitCodes.failed, 'the SQL cannot be parsed, or there is no such rule'],
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
    .argument('[sql]', 'the rule; its FROM must match the topic')
    .addOption(documentOption())
    .option('--rule <name>', 'a rule of the document, in place of SQL: prints what its sinks write')
    .addHelpText('after', help)
    .action(async (sql: string | undefined, options: EvalOptions, command: Command) => {
      if ((sql === undefined) === (options.rule === undefined))
        command.error('error: give SQL, or --rule with --document');
      if (options.rule !== undefined && options.document === undefined) command.error('error: --rule needs --document');
      const { evaluateRule } = await import('../eval.ts');
      process.exitCode = await evaluateRule(sql, options, command);
    });
