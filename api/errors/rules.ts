/** Errors: what a rule, a template or a test of them can meet. */
import { table } from './entry.ts';

/** Where in a rule's SQL: offset counts UTF-16 code units from 0; line and column count from 1. */
export interface RulePlace {
  readonly sql: string;
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** Line 0 means that whoever shows the message gives the place in another way. */
const rulePlace = (line: number, column: number): string =>
  line === 0 ? '' : `Rule, line ${line}, column ${column}: `;

export const ruleErrors = table({
  'rule-syntax': {
    kind: 'permanent',
    message: ({
      line,
      column,
      found,
      expected,
      hint,
    }: RulePlace & { found: string; expected: string; hint?: string }) =>
      `${rulePlace(line, column)}found ${found}, expected ${expected}.${hint === undefined ? '' : ` ${hint}`}`,
    remedy: 'Correct the SQL at the caret; docs/reference/rules.md has the grammar.',
  },
  'rule-unknown-name': {
    kind: 'permanent',
    message: ({ line, column, what, name, hint }: RulePlace & { what: string; name: string; hint?: string }) =>
      `${rulePlace(line, column)}there is no ${what} named ${name}.${hint === undefined ? '' : ` ${hint}`}`,
    remedy:
      'Use a name that exists: a message column, a {capture} of FROM, an earlier alias, a function of the list, or what spec.schemas and spec.tables have.',
  },
  'rule-publisher-unknown': {
    kind: 'permanent',
    message: ({
      line,
      column,
      written,
      name,
      example,
    }: Partial<RulePlace> & {
      line: number;
      column: number;
      written: string;
      name: string;
      example: string;
      at?: number;
    }) =>
      `${rulePlace(line, column)}${written} can never have a value: a message does not say who published it, only the MQTT broker knows. If the topic holds it, capture that level: FROM "${example}". If the payload does, select it: payload.${name} AS ${name}.`,
    remedy: 'Capture it from the topic, as {name} in FROM, or select it from the payload under that name.',
  },
  'rule-capture-partial': {
    kind: 'permanent',
    message: ({ name, filter }: { name: string; filter: string }) =>
      `Messages of "${filter}" have no ${name}: this filter does not capture it, as another of the rule does.`,
    remedy: 'Write {name} for the level in each filter, or make two rules.',
  },
  'rule-doubtful': {
    kind: 'permanent',
    message: ({ line, column, reason }: RulePlace & { reason: string }) => `${rulePlace(line, column)}${reason}.`,
    remedy: 'Write what is meant. Where it is meant as it stands, nothing needs to change: this is a warning.',
  },
  'rule-foreach-whole': {
    kind: 'permanent',
    message: ({ rule }: { rule: string }) =>
      `FOREACH without DO puts the whole message, its payload included, into the row of each element of the rule ${rule}: 1,000 elements write the payload 1,000 times.`,
    remedy:
      'Say with DO what of the element and the message is wanted, as in FOREACH payload.list AS e DO e.id, topic.',
  },
  'rule-arguments': {
    kind: 'permanent',
    message: ({ line, column, name, reason }: RulePlace & { name: string; reason: string }) =>
      `${rulePlace(line, column)}${name} ${reason}.`,
    remedy: 'Call the function with the arguments that its signature names.',
  },
  'rule-source-invalid': {
    kind: 'permanent',
    message: ({ line, column, source, reason }: RulePlace & { source: string; reason: string }) =>
      `${rulePlace(line, column)}FROM "${source}": ${reason}.`,
    remedy:
      'FROM takes MQTT topic filters such as "vehicles/{clientid}/#", where {name} stands for one whole level, "$kafka/<topic>", or an event such as "$events/message/dropped".',
  },
  'rule-unsupported': {
    kind: 'permanent',
    message: ({ line, column, what }: RulePlace & { what: string }) =>
      `${rulePlace(line, column)}${what} cannot be used in this version.`,
    remedy: 'Write the rule without it.',
  },
  'rule-window-invalid': {
    kind: 'permanent',
    message: ({ line, column, reason }: RulePlace & { reason: string }) => `${rulePlace(line, column)}${reason}.`,
    remedy:
      'Write GROUP BY keys, and one of TUMBLING(10s), HOPPING(60s, 10s) or SESSION(30s); docs/reference/rules.md explains each.',
  },
  'rule-not-grouped': {
    kind: 'permanent',
    message: ({ line, column, what }: RulePlace & { what: string }) =>
      `${rulePlace(line, column)}the messages of a window may differ in ${what}.`,
    remedy: 'Add it to GROUP BY, or say which of its values: LAST(x), MAX(x) ...',
  },
  'rule-aggregate-misplaced': {
    kind: 'permanent',
    message: ({ line, column, name, reason }: RulePlace & { name: string; reason: string }) =>
      `${rulePlace(line, column)}${name} ${reason}.`,
    remedy:
      'Aggregates stand in SELECT and HAVING of a rule with a window, as in SELECT COUNT(*) AS n FROM "cars/#" GROUP BY TUMBLING(10s).',
  },
  'rule-rows-exceeded': {
    kind: 'permanent',
    message: ({ limit }: { limit: number }) => `FOREACH makes more than ${limit} rows of this message.`,
    remedy:
      'Leave elements out with INCASE, or raise spec.delivery.limits.rowsPerMessage. Rows before may have been written.',
  },
  'rule-bytes-exceeded': {
    kind: 'permanent',
    message: ({ rows, limit }: { rows: number; limit: number }) =>
      `The first ${rows} rows that FOREACH makes of this message hold more than ${limit} bytes.`,
    remedy:
      'Name after DO what a row needs: without DO, or with payload, each row holds the whole message. Or raise spec.delivery.limits.bytesPerMessage. Rows before may have been written.',
  },
  'rule-state-full': {
    kind: 'permanent',
    message: ({ limit }: { limit: number }) =>
      `The windows of the rule hold ${limit} entries, and this message needs one more.`,
    remedy: 'Raise state.maxEntries of the rule, or group by something that has fewer values, or in shorter windows.',
  },
  'rule-window-headers': {
    kind: 'permanent',
    message: ({ rule }: { rule: string }) =>
      `A row of a window of the rule ${rule} is made of many messages: it has no MQTT facts or properties to write.`,
    remedy: 'Leave out mqttHeaders and mqttProperties; put what is wanted into the row, as LAST(qos) AS qos.',
  },
  'rule-state-per-replica': {
    kind: 'permanent',
    message: ({ rule }: { rule: string }) =>
      `Replicas share the messages, and each replica's rule ${rule} remembers only those that it gets.`,
    remedy:
      'Use one replica, or add up the rows behind Kafka: each replica writes one for the same key and window. CHANGED and DEDUP then report more often.',
  },
  'rule-failed': {
    kind: 'permanent',
    message: ({
      expression,
      reason,
      value,
      missing,
    }: RulePlace & { expression: string; reason: string; value?: string; missing?: string }) => {
      const found = missing === undefined ? value && `found ${value}` : `but ${missing}`;
      return `The rule cannot work out ${expression}: ${reason}${found === undefined ? '' : `, ${found}`}.`;
    },
    remedy:
      'Guard the expression (WHERE, CASE WHEN, ifnull, is_num ...) or convert the value (str, int, float); the message itself is whole.',
  },
  'payload-not-json': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The payload is not JSON: ${reason}.`,
    remedy: 'A rule that reads inside the payload needs JSON. `SELECT payload` forwards any bytes.',
  },
  'value-not-text': {
    kind: 'permanent',
    message: ({ bytes }: { bytes: number }) =>
      `A value of ${bytes} bytes is not UTF-8 text, so it cannot stand in JSON or text.`,
    remedy: 'Encode the bytes in the rule: base64_encode(payload) or bin2hexstr(payload).',
  },
  'value-not-encodable': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `A value cannot be written as JSON: ${reason}.`,
    remedy: 'Select the part of the value that is needed.',
  },
  'template-unresolvable': {
    kind: 'permanent',
    message: ({ placeholder, name, hint }: { placeholder: string; name: string; at: number; hint?: string }) =>
      `${placeholder} can never have a value: the rule neither selects ${name} nor does the message have such a column.${hint === undefined ? '' : ` ${hint}`}`,
    remedy:
      'Select it in the rule (… AS name), capture it in FROM ({name} stands for a topic level), or use a message column.',
  },
  'template-nothing-inside': {
    kind: 'permanent',
    message: ({ placeholder, name, what }: { placeholder: string; name: string; at: number; what: string }) =>
      `${placeholder} can never have a value: ${name} is ${what}, and has nothing inside.`,
    remedy:
      'Name the whole of it, such as ${topic}; capture a level of the topic in FROM ({name} stands for it), or name a field of the payload (${payload.id}).',
  },
  'template-no-kafka-topic': {
    kind: 'permanent',
    message: ({ placeholder, reason }: { placeholder: string; reason: string; at: number }) =>
      `${placeholder} cannot be in the name of a Kafka topic: ${reason}.`,
    remedy:
      "Kafka topics have no slash; a dot is usual instead: select replace(topic, '/', '.') AS name, and use ${name}. The MQTT topic can be the key: `key: ${topic}`.",
  },
  'template-value-missing': {
    kind: 'permanent',
    message: ({ placeholder, text }: { placeholder: string; text: string | undefined }) =>
      `${placeholder} has no value in this message${text === undefined ? '' : `: ${text}`}.`,
    remedy:
      'Guard the rule with WHERE (payload.id IS NOT NULL), or give a text in its place: ${payload.id:-unknown}, or none: ${payload.id:-}. The message itself is whole.',
  },
  'template-lookalike': {
    kind: 'permanent',
    message: ({ field, found, meant }: { field: string; found: string; meant: string }) =>
      `${found} in this ${field} is no placeholder, but the text itself, the same each time. Is ${meant} meant?`,
    remedy: 'A placeholder is written ${name}. Where the text is meant, nothing needs to change: this is a warning.',
  },
  'template-constant-key': {
    kind: 'permanent',
    message: ({ key, meant }: { key: string; meant: string | undefined }) =>
      `Every record of this sink has the key "${key}", so all go to one partition.${meant === undefined ? '' : ` Is ${meant} meant?`}`,
    remedy:
      'Use what distinguishes the devices, such as ${clientid} with {clientid} in FROM; without `key` records are spread over all partitions.',
  },
  'cloud-event-invalid': {
    kind: 'permanent',
    message: ({ attribute, reason }: { attribute: string; reason: string }) =>
      `The attribute ${attribute} of a CloudEvent cannot be written: ${reason}.`,
    remedy:
      'Give it text without control characters in `cloudEvents` of the sink, and dataschema an absolute URI. base64_encode() in the rule makes text of any bytes.',
  },
  'cloud-event-header': {
    kind: 'permanent',
    message: ({ name, field }: { name: string; field: string }) =>
      `${field} writes ${name}, which \`cloudEvents\` of the sink writes itself.`,
    remedy:
      'Leave it out, and give the attribute in `cloudEvents`: id, source, type, subject, datacontenttype, dataschema or one of extensions.',
  },
  'record-key-missing': {
    kind: 'permanent',
    message: ({ sink, placeholder }: { sink: string; placeholder: string }) =>
      `${placeholder}, of the key of the sink ${sink}, has no value in a message: its record has no key, or one that lacks a part. Said once; mkb_sink_keys_missing_total counts all.`,
    remedy:
      'Records without a key go to any partition, in any order. Demand the value (${id:?}) to have such messages fail, or leave them out by WHERE.',
  },
  'rule-filters-overlap': {
    kind: 'permanent',
    message: ({ filter, other, otherRule }: { filter: string; other: string; otherRule: string }) =>
      `"${filter}" and "${other}" of the rule ${otherRule} match some topics in common, and neither covers the other.`,
    remedy:
      'With MQTT 3.1.1 a broker may deliver such a message once for each filter, and then each rule writes it twice. Set mqtt.version to "5", where copies can be distinguished, or use one filter that covers both, and WHERE.',
  },
  'rule-warnings-omitted': {
    kind: 'permanent',
    message: ({ what, count }: { what: string; count: number | undefined }) =>
      count === undefined
        ? `Not all ${what} were looked for: there are too many.`
        : `${count} more warnings about ${what} are left out.`,
    remedy: 'Settle the first ones; one cause often makes them all.',
  },
  'rule-loop': {
    kind: 'permanent',
    message: ({ way }: { way: string }) => `What this rule writes can come back to it: ${way}.`,
    remedy:
      'A message that goes round never ends. Use other topics for one of the ways, or have WHERE leave out what came this way.',
  },
  'rule-not-found': {
    kind: 'permanent',
    message: ({ name, meant }: { name: string; meant: string | undefined }) =>
      `No rule is named ${name}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
    remedy: 'Use the name of a rule of the document; `mkb explain FILE` shows them.',
  },
  'tests-missing': {
    kind: 'permanent',
    message: ({ rule }: { rule: string | undefined }) =>
      rule === undefined ? 'There is no test in these files.' : `There is no test of a rule named ${rule}.`,
    remedy: 'Add `tests:` beside a rule, or a file named *_test.yaml; `mkb test --help` shows both.',
  },
  'report-unwritable': {
    kind: 'permanent',
    message: ({ file, reason }: { file: string; reason: string }) => `The report ${file} cannot be written: ${reason}.`,
    remedy: 'Name a file in a folder that exists and that this user may write to.',
  },
});
