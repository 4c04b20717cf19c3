/** A document that is being made of another bridge's configuration, with what a person has to look at. */

export interface RuleDraft {
  readonly name: string;
  readonly sql: string;
  readonly sinks: readonly object[];
}

export class Draft {
  readonly name: string;
  readonly mqtt: Record<string, unknown> = {};
  readonly kafka: Record<string, unknown> = {};
  readonly delivery: Record<string, unknown> = {};
  readonly bridge: Record<string, unknown> = {};
  readonly rules: RuleDraft[] = [];
  /** What could not be carried over, or is a guess: a sentence or a setting each. */
  readonly notes: string[] = [];

  constructor(name: string) {
    this.name = objectName(name);
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  get document(): object {
    const { name, mqtt, kafka, rules, delivery, bridge } = this;
    return {
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name },
      spec: { mqtt, kafka, rules, ...filled({ delivery, bridge }) },
    };
  }

  /** Brokers of MQTT in the ways in which others write their addresses. */
  setMqtt(addresses: readonly string[], usesTls = false): void {
    const logins = addresses
      .map(address => /^(?:[\w+.-]+:\/\/)?([^@/]+)@/.exec(address)?.[1])
      .filter(login => login !== undefined);
    const urls = addresses.map(address => mqttUrl(address, usesTls));
    if (urls.length === 0) this.note('No address of an MQTT broker was found: set mqtt.url.');
    if (urls.length > 1) this.mqtt.urls = urls;
    else this.mqtt.url = urls[0] ?? 'mqtt://localhost:1883';
    if (logins.length > 0) this.setLogin('mqtt', logins[0]!.split(':')[0]);
  }

  setKafka(servers: readonly string[], where: string): void {
    this.kafka.bootstrapServers = servers.length > 0 ? servers : ['localhost:9092'];
    if (servers.length === 0) this.note(`kafka.bootstrapServers is a guess: ${where}.`);
  }

  /** A login. The password is never written into the document. */
  setLogin(part: 'mqtt' | 'kafka', username: string | undefined, mechanism?: string): void {
    if (username === undefined) return;
    const env = `${part.toUpperCase()}_PASSWORD`;
    this[part].auth = { ...(mechanism && { mechanism }), username, password: { valueFrom: { env } } };
    this.note(
      `The password of ${part}.auth is not in the document: put it into the environment as ${env}, or name a file or a Secret.`,
    );
  }

  addRule(rule: RuleDraft): void {
    const taken = this.rules.filter(({ name }) => name === rule.name || name.startsWith(`${rule.name}-`)).length;
    this.rules.push(taken === 0 ? rule : { ...rule, name: `${rule.name}-${taken + 1}` });
  }
}

const filled = (parts: Readonly<Record<string, Record<string, unknown>>>): object =>
  Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0));

/** A name as Kubernetes takes it (RFC 1123). */
export const objectName = (text: string): string => {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
  return name.replaceAll(/^[-0-9]+|-+$/g, '') || 'bridge';
};

/** `tcp://h:1883`, `ssl://h`, `u:p@h:1883`: as an address that a document takes, without a login. */
export const mqttUrl = (address: string, usesTls = false): string => {
  const [, scheme, rest] = /^(?:([a-z0-9+.-]+):\/\/)?(?:[^@/]*@)?(.*)$/i.exec(address.trim())!;
  const known: Readonly<Record<string, string>> = {
    tcp: 'mqtt',
    mqtt: 'mqtt',
    ssl: 'mqtts',
    tls: 'mqtts',
    mqtts: 'mqtts',
    'mqtt+ssl': 'mqtts',
    ws: 'ws',
    wss: 'wss',
  };
  const found = known[(scheme ?? '').toLowerCase()] ?? 'mqtt';
  return `${usesTls && found === 'mqtt' ? 'mqtts' : found}://${rest}`;
};

/** A list of names after FROM. */
export const fromClause = (names: readonly string[]): string =>
  names.map(name => `"${name.replaceAll('"', '')}"`).join(', ');

/** Quotes a name of SELECT where it is more than a word. */
export const sqlPath = (path: string): string =>
  path
    .split('.')
    .map(part => (/^[a-z_]\w*$/i.test(part) ? part : `'${part.replaceAll("'", '')}'`))
    .join('.');
