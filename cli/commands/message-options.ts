/**
 * The options of `mkb eval` and `mkb repl` that say what the message is: what a PUBLISH has, under the long names that `mqttx pub` gives them,
 * and what a record of Kafka has.
 */
import { type Command, Option } from 'commander';
import type { ExampleOptions } from '../../rules/example-message.ts';
import { parseProperty, parseQos, parseSeconds, parseTime, parseTopic, parseWhole } from './message-values.ts';

type Pairs = readonly (readonly [name: string, value: string])[];

export interface MessageOptions {
  readonly clientid?: string;
  readonly username?: string;
  readonly qos: 0 | 1 | 2;
  readonly retain?: true;
  readonly dup?: true;
  readonly userProperty: Pairs;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: string;
  readonly messageExpiryInterval?: number;
  readonly payloadFormatIndicator?: true;
  readonly key?: string;
  readonly header: Pairs;
  readonly partition?: bigint;
  readonly offset?: bigint;
  readonly timestamp?: number;
}

/** Adds them, in the order in which the help lists them. */
export const addMessageOptions = (command: Command): Command =>
  command
    .option('-i, --clientid <id>', 'the client id of the publisher')
    .option('-u, --username <name>', 'the user name of the publisher')
    .option('-q, --qos <level>', '0, 1 or 2', parseQos, 0)
    .option('-r, --retain', 'set the retain flag')
    .option('--dup', 'set the DUP flag')
    .option('--user-property <name=value>', 'an MQTT 5 user property, as often as wanted', parseProperty, [])
    .option('--content-type <type>', 'the content type, such as application/json')
    .option('--response-topic <topic>', 'where an answer is wanted', parseTopic)
    .option('--correlation-data <text>', 'what an answer repeats')
    .option('--message-expiry-interval <seconds>', 'for how long the message is wanted', parseSeconds)
    .option('--payload-format-indicator', 'say that the payload is UTF-8')
    .option(
      '-k, --key <text>',
      'the key of a record; --topic is $kafka/..., the payload its value, user properties its headers',
    )
    .option('--header <name=value>', 'a header of a record, as often as wanted', parseProperty, [])
    .option('--partition <number>', 'the partition of a record (default: 0)', parseWhole)
    .option('--offset <number>', 'the offset of a record (default: 0)', parseWhole)
    .addOption(
      new Option('--timestamp <time>', 'when it came, or its record: milliseconds since 1970, or 2026-11-30T10:00:00Z')
        .argParser(parseTime)
        .default(undefined, 'now'),
    );

/** What the options say of the message, beside its topic and payload. */
export const messageFacts = (options: MessageOptions): Omit<ExampleOptions, 'topic' | 'payload'> => {
  const { clientid, username, qos, retain = false, dup = false, key, partition, offset, timestamp } = options;
  return {
    ...(clientid !== undefined && { clientid }),
    ...(username !== undefined && { username }),
    qos,
    retain,
    dup,
    userProperties: [...options.userProperty, ...options.header],
    properties: propertiesOf(options),
    ...(key !== undefined && { key: Buffer.from(key) }),
    ...(partition !== undefined && { partition: Number(partition) }),
    ...(offset !== undefined && { offset }),
    ...(timestamp !== undefined && { timestamp }),
  };
};

const propertiesOf = (options: MessageOptions): Record<string, unknown> => {
  const { contentType, responseTopic, correlationData, messageExpiryInterval, payloadFormatIndicator } = options;
  return {
    ...(payloadFormatIndicator && { 'Payload-Format-Indicator': 1 }),
    ...(messageExpiryInterval !== undefined && { 'Message-Expiry-Interval': messageExpiryInterval }),
    ...(contentType !== undefined && { 'Content-Type': contentType }),
    ...(responseTopic !== undefined && { 'Response-Topic': responseTopic }),
    ...(correlationData !== undefined && { 'Correlation-Data': Buffer.from(correlationData) }),
  };
};
