/**
 * Every error the kit raises, once: what happened, whether trying again can help, and what a person can do.
 *
 * Code asks `error.code` and `error.kind`, never the text. `retryable` means that the same action may succeed later with nothing
 * changed by a person; `permanent` means that it will not. docs/reference/errors.md is generated from this table.
 */

export type ErrorKind = 'retryable' | 'permanent';

interface ErrorEntry {
  readonly kind: ErrorKind;
  // biome-ignore lint/suspicious/noExplicitAny: each entry names its own details; `MkbError` checks them by code.
  readonly message: (details: any) => string;
  readonly remedy: string;
}

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

/** Keeps each entry's own type of details, so that `new MkbError(code, details)` is checked. */
const table = <T extends Record<string, ErrorEntry>>(entries: T): T => entries;

export const errors = table({
  'document-invalid': {
    kind: 'permanent',
    message: ({ count }: { count: number }) =>
      `The configuration has ${count} ${count === 1 ? 'problem' : 'problems'}.`,
    remedy: 'Mend the places named above; `mkb validate FILE` checks them without starting anything.',
  },
  'secret-unreadable': {
    kind: 'permanent',
    message: ({ source, reason }: { source: string; reason: string }) =>
      `The secret from ${source} cannot be read: ${reason}.`,
    remedy:
      'Check the name, and for files that this user may read them. --secrets-dir names the folder of secretKeyRef.',
  },
  'kafka-unreachable': {
    kind: 'retryable',
    message: ({ address, reason }: { address: string; reason: string }) =>
      `Kafka at ${address} cannot be reached: ${reason}.`,
    remedy:
      'Check kafka.bootstrapServers, that the broker runs, and that its advertised listeners can be reached from here.',
  },
  'kafka-authentication-failed': {
    kind: 'permanent',
    message: ({ address, reason }: { address: string; reason: string }) =>
      `Kafka at ${address} refused the login: ${reason}.`,
    remedy:
      'Check kafka.auth: mechanism, user name and password or token, and that the listener at this port takes SASL.',
  },
  'kafka-tls-failed': {
    kind: 'permanent',
    message: ({ address, reason }: { address: string; reason: string }) =>
      `No TLS connection to Kafka at ${address}: ${reason}.`,
    remedy:
      'Check kafka.tls: ca must have signed the broker’s certificate, serverName must be in it, and the port must speak TLS.',
  },
  'kafka-token-refused': {
    kind: 'retryable',
    message: ({ endpoint, reason }: { endpoint: string; reason: string }) =>
      `The token endpoint ${endpoint} gave no token: ${reason}.`,
    remedy: 'Check kafka.auth.oauth: tokenEndpoint, clientId, clientSecret and scope.',
  },
  'kafka-not-authorised': {
    kind: 'permanent',
    message: ({ what, reason }: { what: string; reason: string }) =>
      `Kafka does not allow this user to ${what}: ${reason}.`,
    remedy: 'Grant it with kafka-acls.sh, or use another user in kafka.auth.',
  },
  'kafka-unknown-topic': {
    kind: 'permanent',
    message: ({ topic }: { topic: string }) => `The Kafka topic ${topic} does not exist.`,
    remedy: 'Create it, or list it in spec.kafka.topics and the bridge creates it.',
  },
  'kafka-invalid-topic': {
    kind: 'permanent',
    message: ({ topic }: { topic: string }) => `${JSON.stringify(topic)} cannot be the name of a Kafka topic.`,
    remedy:
      'A topic name has 1 to 249 letters, digits, dots, underscores and hyphens. Mend the topic template of the sink.',
  },
  'kafka-topic-not-created': {
    kind: 'permanent',
    message: ({ topic, reason }: { topic: string; reason: string }) =>
      `The Kafka topic ${topic} could not be created: ${reason}.`,
    remedy:
      'Check its entry in spec.kafka.topics: replicas must not exceed the number of brokers, and config must be valid.',
  },
  'kafka-message-too-large': {
    kind: 'permanent',
    message: ({ bytes, topic }: { bytes: number; topic: string }) =>
      `A record of ${bytes} bytes is larger than the topic ${topic} takes.`,
    remedy: 'Raise max.message.bytes of the topic, or leave out in the rule what makes the record large.',
  },
  'kafka-record-refused': {
    kind: 'permanent',
    message: ({ topic, name, reason }: { topic: string; name: string; reason: string }) =>
      `Kafka refused a record for topic ${topic} with ${name}: ${reason}.`,
    remedy: 'The reason is the broker’s own; see its log and the topic’s configuration.',
  },
  'kafka-request-failed': {
    kind: 'retryable',
    message: ({ what, reason }: { what: string; reason: string }) => `Kafka could not ${what}: ${reason}.`,
    remedy: 'It is tried again by itself. If it lasts, look at the brokers’ state and logs.',
  },
  'mqtt-url-invalid': {
    kind: 'permanent',
    message: ({ url, reason }: { url: string; reason: string }) => `The MQTT url ${url} cannot be used: ${reason}.`,
    remedy:
      'Write it as mqtt://HOST:1883, mqtts://HOST:8883, ws://HOST/mqtt or wss://HOST/mqtt; user and password go to spec.mqtt.auth.',
  },
  'mqtt-tls-invalid': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The TLS settings of spec.mqtt cannot be used: ${reason}.`,
    remedy: 'Check that ca, cert and key are PEM text, and that the key belongs to the certificate.',
  },
  'mqtt-connect-failed': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `No connection to the MQTT server ${url}: ${reason}.`,
    remedy: 'It is tried again. Check host and port, and that the server runs and can be reached from here.',
  },
  'mqtt-connect-timeout': {
    kind: 'retryable',
    message: ({ url, waitedMs }: { url: string; waitedMs: number }) =>
      `The MQTT server ${url} did not finish the connection within ${waitedMs} ms.`,
    remedy: 'It is tried again. Check that the port speaks MQTT, or raise spec.mqtt.connectTimeout for a slow network.',
  },
  'mqtt-tls-untrusted': {
    kind: 'permanent',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The certificate of the MQTT server ${url} is not trusted: ${reason}.`,
    remedy:
      'Put the certificate authority that signed it into spec.mqtt.tls.ca; if only the name differs, set spec.mqtt.tls.serverName.',
  },
  'mqtt-connection-lost': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The connection to the MQTT server ${url} ended: ${reason}.`,
    remedy:
      'It is opened again. If it happens often, look whether another client uses this client id, then at the log of the server.',
  },
  'mqtt-keepalive-timeout': {
    kind: 'retryable',
    message: ({ url, waitedMs }: { url: string; waitedMs: number }) =>
      `The MQTT server ${url} has been silent for ${waitedMs} ms although it was pinged.`,
    remedy: 'The connection is opened again. If it happens often, look at the network, or raise spec.mqtt.keepAlive.',
  },
  'mqtt-protocol-error': {
    kind: 'retryable',
    message: ({ violation }: { violation: string; reasonCode: number }) =>
      `The MQTT server broke the protocol: ${violation}.`,
    remedy: 'The connection is opened again. If it repeats, look at the server: its version, and what publishes there.',
  },
  'mqtt-receive-maximum-exceeded': {
    kind: 'retryable',
    message: ({ limit }: { limit: number }) =>
      `The MQTT server has sent more than the ${limit} unacknowledged messages that it may (Receive Maximum).`,
    remedy:
      'Nothing is lost: the bridge reads no further until Kafka has caught up. Mosquitto 2.0 does this when it has a queue; a newer server may not.',
  },
  'mqtt-packet-too-large': {
    kind: 'permanent',
    message: ({ bytes, limit }: { bytes: number; limit: number }) =>
      `The MQTT server sent a packet of ${bytes} bytes, and spec.mqtt.maximumPacketSize is ${limit}.`,
    remedy:
      'Raise spec.mqtt.maximumPacketSize. With version "5" the server knows the limit and withholds such messages by itself.',
  },
  'mqtt-not-authorised': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The MQTT server does not let this client in: ${reason}.`,
    remedy: 'Check spec.mqtt.auth (username, password), spec.mqtt.clientId, and the access rules of the server.',
  },
  'mqtt-session-taken-over': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The MQTT session was taken from this client: ${reason}.`,
    remedy: 'Another client uses this client id. Give each its own spec.mqtt.clientId, or stop the other one.',
  },
  'mqtt-client-id-refused': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The MQTT server refuses the client id: ${reason}.`,
    remedy: 'Choose a spec.mqtt.clientId that the server allows: up to 23 letters and digits always are.',
  },
  'mqtt-version-unsupported': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The MQTT server does not speak this version: ${reason}.`,
    remedy: 'Set spec.mqtt.version to the other one ("5" or "3.1.1").',
  },
  'mqtt-server-busy': {
    kind: 'retryable',
    message: ({ reason }: { reason: string }) => `The MQTT server cannot serve this client now: ${reason}.`,
    remedy: 'It is tried again with growing pauses. Check the load and the limits of the server if it lasts.',
  },
  'mqtt-server-moved': {
    kind: 'retryable',
    message: ({ reason }: { reason: string; reference?: string }) =>
      `The MQTT server sends this client elsewhere: ${reason}.`,
    remedy: 'The next of the configured urls is tried. Add the server that it names to spec.mqtt.urls.',
  },
  'mqtt-disconnected': {
    kind: 'retryable',
    message: ({ reason }: { reason: string }) => `The MQTT server ended the connection: ${reason}.`,
    remedy: 'It is opened again. If it happens often, look for the reason in the log of the server.',
  },
  'mqtt-refused': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The MQTT server refuses what this client asks for: ${reason}.`,
    remedy: 'Change the setting that the reason names, or allow it on the server.',
  },
  'mqtt-subscription-refused': {
    kind: 'permanent',
    message: ({ filter, reason }: { filter: string; reason: string }) =>
      `The MQTT server refuses the subscription to ${filter}: ${reason}.`,
    remedy: 'Allow this client to subscribe to it on the server, or change the topic filter of the rule.',
  },
  'mqtt-refused-for-now': {
    kind: 'retryable',
    message: ({ refusal }: { refusal: string }) =>
      `${refusal} It was allowed before, so it is tried again for a while.`,
    remedy:
      'If the server is restarting, wait. If an access rule or password was changed on purpose, change it here too.',
  },
  'quantity-invalid': {
    kind: 'permanent',
    message: ({ found, expected }: { found: string; expected: string }) => `"${found}" is not ${expected}.`,
    remedy:
      'Write a number and its unit without a space: ms, s, m, h, d for time; KiB, MiB, GiB or KB, MB, GB for sizes.',
  },
  'template-syntax': {
    kind: 'permanent',
    message: ({ found, reason }: { found: string; reason: string; offset: number }) =>
      `The placeholder ${found} cannot be read: ${reason}.`,
    remedy:
      'Write ${path}, ${path:-text when missing}, or ${.} for the whole row; ${$}{x} gives the literal text ${x}.',
  },
  'document-unreadable': {
    kind: 'permanent',
    message: ({ file, reason }: { file: string; reason: string }) => `${file} cannot be read: ${reason}.`,
    remedy: 'Name a file, a folder with .yaml, .yml or .json files, or - for standard input.',
  },
  'document-too-large': {
    kind: 'permanent',
    message: ({ what, limit }: { what: string; limit: string }) => `The document has ${what}; the limit is ${limit}.`,
    remedy: 'Split it into several documents; one bridge rarely needs more than a few kilobytes.',
  },
  'document-syntax': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => reason,
    remedy: 'Documents are YAML 1.2 or JSON: indent with spaces, and quote text that holds `: `, `#`, `{` or `[`.',
  },
  'document-kind': {
    kind: 'permanent',
    message: ({ found }: { found: string }) => `Found ${found}, which is not a bridge.`,
    remedy:
      'Documents start with `apiVersion: mqttkafka.dev/v1alpha1` and `kind: MqttKafkaBridge`; keep others in another file.',
  },
  'field-unknown': {
    kind: 'permanent',
    message: ({ name, meant }: { name: string; meant: string | undefined }) =>
      `\`${name}\` is not a field here.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    remedy: 'Mend the name or leave the field out; docs/reference/document.md lists every field.',
  },
  'field-missing': {
    kind: 'permanent',
    message: ({ name }: { name: string }) => `\`${name}\` is missing.`,
    remedy: 'Add the field; docs/reference/document.md says what it takes.',
  },
  'field-type': {
    kind: 'permanent',
    message: ({ found, expected }: { found: string; expected: string }) => `Found ${found}, expected ${expected}.`,
    remedy: 'Write a value of the type that is expected.',
  },
  'field-value': {
    kind: 'permanent',
    message: ({ found, expected, meant }: { found: string; expected: string; meant?: string | undefined }) =>
      `Found ${found}, expected ${expected}.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    remedy: 'Choose a value that is allowed.',
  },
  'field-conflict': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => reason,
    remedy: 'Fields that belong together are given together, and of those that exclude each other only one.',
  },
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
    remedy: 'Mend the SQL at the caret; docs/reference/rules.md has the grammar.',
  },
  'rule-unknown-name': {
    kind: 'permanent',
    message: ({ line, column, what, name, hint }: RulePlace & { what: string; name: string; hint?: string }) =>
      `${rulePlace(line, column)}there is no ${what} named ${name}.${hint === undefined ? '' : ` ${hint}`}`,
    remedy:
      'Use a name that exists: a message column, a {capture} of FROM, an earlier alias, or a function of the list.',
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
      'FROM takes MQTT topic filters such as "vehicles/{clientid}/#", where {name} stands for one whole level, or "$kafka/<topic>".',
  },
  'rule-unsupported': {
    kind: 'permanent',
    message: ({ line, column, what }: RulePlace & { what: string }) =>
      `${rulePlace(line, column)}${what} cannot be used in this version.`,
    remedy: 'Write the rule without it.',
  },
  'rule-failed': {
    kind: 'permanent',
    message: ({ expression, reason, value }: RulePlace & { expression: string; reason: string; value?: string }) =>
      `The rule cannot work out ${expression}: ${reason}${value === undefined ? '' : `, found ${value}`}.`,
    remedy:
      'Guard the expression (CASE WHEN, coalesce, is_num ...) or convert the value (str, int, float); the message itself is whole.',
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
  'record-timestamp-invalid': {
    kind: 'permanent',
    message: ({ value }: { value: string }) => `${JSON.stringify(value)} cannot be the timestamp of a record.`,
    remedy:
      'The timestamp template of the sink must give milliseconds since 1970, a whole number: ${timestamp}, or a field of the payload.',
  },
  'listen-failed': {
    kind: 'permanent',
    message: ({ address, reason }: { address: string; reason: string }) => `Cannot listen on ${address}: ${reason}.`,
    remedy: 'Choose another address with --http HOST:PORT; port 0 takes any free one.',
  },
  unexpected: {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `Something went wrong that should not have: ${reason}.`,
    remedy: 'This is a fault of the bridge. Please report it with the log and, if you can, the message that caused it.',
  },
  'option-invalid': {
    kind: 'permanent',
    message: ({ option, found, allowed }: { option: string; found: string; allowed: string }) =>
      `${option} is "${found}", which is not ${allowed}.`,
    remedy: 'Give the option a value of that kind; the command’s --help lists all of them with examples.',
  },
  'vehicles-unreachable': {
    kind: 'retryable',
    message: ({ url, waitedMs, reason }: { url: string; waitedMs: number; reason: string }) =>
      `No vehicle could connect to ${url} within ${waitedMs} ms: ${reason}.`,
    remedy:
      'Start the MQTT server or name the right one: --url mqtt://HOST:PORT, mqtts:// for TLS. --connect-timeout says how long to try.',
  },
  'vehicles-refused': {
    kind: 'permanent',
    message: ({ url, reason, reasonCode }: { url: string; reason: string; reasonCode: number }) =>
      `The MQTT server ${url} does not let the vehicles in: ${reason} (reason code ${reasonCode}).`,
    remedy: 'Check --username and its password, --mqtt-version, --client-id, and the access rules of the server.',
  },
  'part-unsupported': {
    kind: 'permanent',
    message: ({ path, message }: { path: string; message: string; remedy: string }) => `${path}: ${message}`,
    remedy: '`mkb validate FILE` names every such part, with its place and what to do instead.',
  },
  'embedded-listen-failed': {
    kind: 'permanent',
    message: ({ host, port, reason }: { host: string; port: number; reason: string }) =>
      `The embedded broker cannot listen on ${host}:${port}: ${reason}.`,
    remedy: 'Choose another port, or 0 for any free one.',
  },
  'embedded-frame-invalid': {
    kind: 'permanent',
    message: ({ bytes }: { bytes: number }) =>
      `A client of the embedded Kafka announced a request of ${bytes} bytes, which cannot be.`,
    remedy: 'Let only Kafka clients without TLS and authentication connect to this port.',
  },
  'embedded-request-invalid': {
    kind: 'permanent',
    message: ({ api, version }: { api: string; version: number }) =>
      `A request of a client of the embedded Kafka, ${api} in version ${version}, ends too early.`,
    remedy: 'Look at the client: its request is not what the Kafka protocol says.',
  },
  'embedded-request-unknown': {
    kind: 'permanent',
    message: ({ api, version }: { api: number; version: number }) =>
      `A client asked the embedded Kafka for API ${api} in version ${version}, which it does not speak.`,
    remedy: 'Let the client ask for ApiVersions first; for what is missing, use Apache Kafka.',
  },
  'embedded-unknown': {
    kind: 'permanent',
    message: ({ what }: { what: string }) => `The embedded Kafka has no ${what}.`,
    remedy: 'Create the topic first, and name nodes from 1 on that run.',
  },
  'rule-filters-overlap': {
    kind: 'permanent',
    message: ({ filter, other, otherRule }: { filter: string; other: string; otherRule: string }) =>
      `"${filter}" and "${other}" of the rule ${otherRule} match some topics in common, and neither covers the other.`,
    remedy:
      'A broker may deliver such a message once for each filter, and then it is written twice. Use one filter that covers both, and WHERE.',
  },
  'demo-port-unusable': {
    kind: 'permanent',
    message: ({ option, port, reason }: { option: string; port: number; reason: string }) =>
      `Port ${port} of ${option} cannot be used: ${reason}.`,
    remedy:
      'Choose another port, 0 for any free one, or leave the option out: the demo then looks for a free one itself.',
  },
  'collection-timeout': {
    kind: 'retryable',
    message: ({ target, waitedMs }: { target: string; waitedMs: number }) =>
      `${target} did not give its figures within ${waitedMs} ms.`,
    remedy:
      'It is asked again. If it lasts, look at the target, or raise spec.timeout and spec.interval of the exporter.',
  },
  'series-limit': {
    kind: 'permanent',
    message: ({ target, limit }: { target: string; limit: number }) =>
      `${target} has more than ${limit} values; the rest is left out.`,
    remedy: 'Name fewer topics and groups in `include` of the target, or leave some out with `exclude`.',
  },
  'probe-lost': {
    kind: 'retryable',
    message: ({ url, topic, waitedMs }: { url: string; topic: string; waitedMs: number }) =>
      `A message to ${topic} of the MQTT server ${url} did not come back within ${waitedMs} ms.`,
    remedy: 'Another is sent at the next interval. Check that this user may publish and subscribe to the topic.',
  },
  'emqx-unreachable': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The API of EMQX at ${url} cannot be had: ${reason}.`,
    remedy: 'It is asked again. Check the address (the port of the dashboard, usually 18083), and that EMQX runs.',
  },
  'emqx-not-authorised': {
    kind: 'permanent',
    message: ({ url, status }: { url: string; status: number }) =>
      `EMQX does not let this API key read ${url} (HTTP ${status}).`,
    remedy: 'Check apiKey and apiSecret; the dashboard makes them under System, API Keys. The role viewer is enough.',
  },
  'emqx-request-failed': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) => `EMQX has no usable answer for ${url}: ${reason}.`,
    remedy: 'It is asked again. Rules need EMQX 5.0, actions and connectors 5.4 or later.',
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

export type ErrorCode = keyof typeof errors;

/** What an error's message needs to be told. */
export type ErrorDetails<C extends ErrorCode> = Parameters<(typeof errors)[C]['message']>[0];

const brand = Symbol.for('mqttkafkadev.error');

/** An error of the table. Known by `MkbError.is` across copies of this module. */
export class MkbError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly details: ErrorDetails<C>;

  constructor(code: C, details: ErrorDetails<C>, options?: { cause?: unknown }) {
    const entry: ErrorEntry = errors[code];
    super(entry.message(details), options);
    this.name = 'MkbError';
    this.code = code;
    this.kind = entry.kind;
    this.remedy = entry.remedy;
    this.details = details;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `error` is of the table, and, when `code` is given, that very one. */
  static is<C extends ErrorCode>(error: unknown, code?: C): error is MkbError<C> {
    return (
      error instanceof Error &&
      (error as { [brand]?: boolean })[brand] === true &&
      (code === undefined || (error as MkbError).code === code)
    );
  }
}
