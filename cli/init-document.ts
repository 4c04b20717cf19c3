/** The text of a first document: made to be read and changed by a person, so it has comments. */
import type { Proposal } from './init-proposal.ts';

export interface Answers {
  readonly name: string;
  readonly mqtt: string;
  /** The filter. */
  readonly from: string;
  /** Bootstrap servers, with commas between. */
  readonly kafka: string;
  /** The Kafka topic. */
  readonly to: string;
  readonly username?: string;
}

/** What a JSON text is, a YAML text is too. */
const quoted = (text: string): string => JSON.stringify(text);

/** @param looked how the proposals were found, for the comment */
export function documentText(answers: Answers, proposals: readonly Proposal[], looked: string): string {
  const { name, mqtt, kafka, to, username } = answers;
  const servers = kafka.split(',').map(server => quoted(server.trim()));
  const rules = proposals.length > 0 ? proposals.map(each => ruleOf(each, to, looked)) : [plainRule(answers)];
  return `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: ${quoted(name)}}
spec:
  mqtt:
    url: ${quoted(mqtt)}
${username === undefined ? '' : `    auth: {username: ${quoted(username)}, password: {valueFrom: {env: MQTT_PASSWORD}}}\n`}  kafka:
    bootstrapServers: [${servers.join(', ')}]
    # The bridge makes it if it does not exist. More partitions take more load; records of one key stay in order.
    topics: [{name: ${quoted(to)}, partitions: 10}]
  rules:
${rules.join('')}`;
}

const plainRule = ({ from, to }: Answers): string => `    - name: messages
      # Name a level of the topic to use it: FROM "cars/{vin}/state" gives \${vin}.
      sql: ${quoted(`SELECT payload FROM "${from}"`)}
      sinks:
        - kafka: {topic: ${quoted(to)}, key: "\${topic}"}
`;

function ruleOf(proposal: Proposal, to: string, looked: string): string {
  const { name, filter, key, topics, messages, payload, fields } = proposal;
  const columns = fields.map(field => `      #   payload.${field.name}: ${field.type}, such as ${field.example}\n`);
  return `    - name: ${quoted(name)}
      # ${messages} messages of ${topics} topics (${looked}); payloads: ${payload}.
${columns.map(oneLine).join('')}      sql: ${quoted(`SELECT payload FROM "${filter}"`)}
      sinks:
        - kafka: {topic: ${quoted(to)}, key: ${quoted(key)}}
`;
}

/** A name of a field may hold anything, and a comment ends with its line. */
const oneLine = (line: string): string => `${line.slice(0, -1).replace(/[\p{Cc}\u2028\u2029]/gu, ' ')}\n`;
