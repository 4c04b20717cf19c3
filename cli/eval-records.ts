/** `mkb eval --rule`: what the sinks of a rule of a document write for one message, by the bridge's own writers. */

import type { MqttKafkaBridge } from '../api/bridge.ts';
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { hasErrors } from '../api/problems.ts';
import type { TestMessage } from '../api/schema/rule-tests.ts';
import { writtenBytes } from '../api/written-bytes.ts';
import { readOnce } from '../bridge/tables/read-rows.ts';
import { compileRule } from '../rules/compile.ts';
import { documentWorld } from '../rules/document-world.ts';
import { type ExampleMessage, readBy } from '../rules/example-message.ts';
import { eachRowOf, type MadeRow, passTime } from '../rules/offline.ts';
import type { Input, Rule } from '../rules/rule.ts';
import type { RuleDocument } from '../rules/rule-document.ts';
import type { Ambient } from '../rules/scope.ts';
import { stateLimitsOf } from '../rules/state-limits.ts';
import { loadChecked } from './documents.ts';
import { printProblems } from './output.ts';
import { asExpected, recordText } from './test-diff.ts';
import { messageOf } from './test-message.ts';
import { writtenBy } from './test-records.ts';

/** A rule of a document, and what it sees beside the message. */
export interface NamedRule {
  readonly document: RuleDocument;
  readonly bridge: string;
  readonly ambient: Partial<Ambient>;
}

/** The rule of that name; undefined if the document is not valid, which was then printed. Throws `rule-not-found`. */
export const findRule = async (file: string, name: string): Promise<NamedRule | undefined> => {
  const { documents, problems } = await loadChecked([file], 'anywhere');
  printProblems(problems.filter(({ severity }) => severity === 'error'));
  if (hasErrors(problems)) return undefined;
  const rules = documents.flatMap(loaded => loaded.document.spec.rules.map(rule => ({ loaded, rule })));
  const found = rules.find(({ rule }) => rule.name === name);
  if (found === undefined)
    throw new MkbError('rule-not-found', {
      name,
      meant: nearest(
        name,
        rules.map(({ rule }) => rule.name),
      ),
    });
  const { document } = found.loaded;
  return { document: found.rule, bridge: document.metadata.name, ambient: await ambientOf(document, found.rule) };
};

const ambientOf = async (document: MqttKafkaBridge, rule: RuleDocument): Promise<Partial<Ambient>> => {
  const world = documentWorld(document);
  await readOnce(world.tables);
  return { ...world, ruleName: rule.name, limits: stateLimitsOf(rule) };
};

/** What the sinks write, as records of tests are written (`mkb test`): topic, key, value and headers. Throws what stops the rule or a sink. */
export const recordsOf = ({ document, bridge, ambient }: NamedRule, message: ExampleMessage): string[] => {
  const rule = compileRule(document.sql, ambient);
  const made = rowsMade(rule, message);
  return writtenBy(document, rule, made, bridge).map(written => recordText(asExpected(written)));
};

const rowsMade = (rule: Rule, message: ExampleMessage): MadeRow[] => {
  const read = readBy(rule, message);
  if (read === undefined) return [];
  const rows = [...eachRowOf(rule, asReceived(read.input, message), read.captures)];
  return [...rows, ...passTime(rule, Number.POSITIVE_INFINITY)];
};

/** A PUBLISH as the bridge has it, with its properties as bytes: sinks pass them on. A record or an event is there already. */
const asReceived = (input: Input, message: ExampleMessage): Input => {
  if (input !== message) return input;
  const received = messageOf(publishOf(message));
  return message.dup && 'flags' in received
    ? Object.assign(received, { flags: Number(received.flags) | dupFlag })
    : received;
};

const dupFlag = 8;

const publishOf = ({
  topic,
  payload,
  qos,
  retain,
  timestamp,
  clientid,
  username,
  properties,
  userProperties,
}: ExampleMessage) => {
  const said = properties as Readonly<Record<string, unknown>>;
  const correlation = said['Correlation-Data'];
  const facts = {
    ...{ topic, payload: writtenBytes(payload), qos, retain, timestamp, clientid, username },
    userProperties: userProperties.map(([name, value]) => ({ name, value })),
    contentType: said['Content-Type'],
    responseTopic: said['Response-Topic'],
    correlationData: correlation === undefined ? undefined : writtenBytes(correlation as Buffer),
    messageExpiry: said['Message-Expiry-Interval'],
    payloadFormat: said['Payload-Format-Indicator'] === 1 ? 'utf8' : undefined,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as TestMessage;
};
