/**
 * The conversation of `mkb repl` without its terminal: lines in, text out.
 *
 * There is one message, which commands (`.topic`, `.payload`, ...) change; every rule or expression that is entered is worked out for it.
 * A rule that ends too early is not an error yet: the next line goes on with it, and an empty one gives it up. A rule that is entered again
 * is the same rule, which remembers (see repl-rules.ts).
 */
import { readFile } from 'node:fs/promises';
import type { RulePlace } from '../api/errors/rules.ts';
import { MkbError } from '../api/errors.ts';
import { durationMs } from '../api/units.ts';
import { columns } from '../rules/columns.ts';
import { compileRule } from '../rules/compile.ts';
import { type ExampleOptions, exampleMessage } from '../rules/example-message.ts';
import { signature } from '../rules/functions/define.ts';
import { findFunction, functionNames } from '../rules/functions/registry.ts';
import { encodeJson } from '../rules/json.ts';
import { placeOf, renderCaret } from '../rules/position.ts';
import type { Ambient } from '../rules/scope.ts';
import { shown } from '../rules/shown.ts';
import { textOf } from '../rules/text.ts';
import { reservedWords } from '../rules/token-reader.ts';
import { parseProperty, parseQos, parseSeconds, parseTime, parseTopic, parseWhole } from './commands/message-values.ts';
import { ReplRules } from './repl-rules.ts';

type Settings = { -readonly [K in keyof ExampleOptions]: ExampleOptions[K] };

const help = `Enter a rule, or an expression, and see what it makes of the message:
  SELECT payload.speed AS speed FROM "cars/{vin}" WHERE payload.speed > 10
  upper(topic) + '!'
A rule may go over several lines; an empty line gives up one that is not finished.

  .message                 show the message
  .topic TOPIC             the topic it was published to
  .payload TEXT            the payload as text
  .file FILE               the payload from a file
  .clientid ID             the client id of the publisher; without ID, unknown
  .username NAME           the user name of the publisher; without NAME, unknown
  .qos 0|1|2
  .retain true|false
  .dup true|false
  .property NAME=VALUE     one more MQTT 5 user property; without it, none
  .content-type TYPE       these are without a value left out, too
  .response-topic TOPIC
  .correlation-data TEXT
  .expiry SECONDS          the message expiry interval
  .payload-format bytes|utf8
  .key TEXT                the key of a record, for a topic that is $kafka/...
  .header NAME=VALUE       one more header of it; without it, none
  .partition NUMBER
  .offset NUMBER
  .timestamp TIME          milliseconds since 1970, or 2026-11-30T10:00:00Z; without it, now
  .wait DURATION           let time pass (10s, 1h30m), so that windows end
  .function NAME           what a function does
  .help
  .exit                    or Ctrl-D
`;

export class ReplSession {
  /** Set by .exit: there is nothing more to say. */
  ended = false;
  readonly #rules: ReplRules;
  readonly #now: () => number;
  /** How far .wait went ahead of the clock. */
  #aheadMs = 0;
  #message: Settings;
  /** Lines of a rule that is not finished. */
  #begun = '';

  /** @param world what rules see beside the message: the schemas of a document; a clock, by which the message is always received now */
  constructor(message: ExampleOptions, world: Partial<Ambient> = {}) {
    this.#message = { ...message };
    const { now = Date.now } = world;
    this.#now = () => now() + this.#aheadMs;
    this.#rules = new ReplRules({ ...world, now: this.#now, knowsPublisher: true });
  }

  get prompt(): string {
    return this.#begun === '' ? 'mkb> ' : '...> ';
  }

  /** Takes a line. Returns what to print, which ends with a line break or is empty. */
  async line(text: string): Promise<string> {
    if (this.#begun === '' && text.trimStart().startsWith('.')) return this.#command(text.trim());
    if (text.trim() === '') return this.#giveUp();
    const sql = this.#begun === '' ? text : `${this.#begun}\n${text}`;
    this.#begun = '';
    return this.#evaluate(sql);
  }

  /** The end of the input: a rule that is not finished is evaluated as it is, and so told what it lacks. */
  end(): string {
    return this.#giveUp();
  }

  /** Names that may stand at the end of a line, for the Tab key. */
  complete(line: string): [candidates: string[], typed: string] {
    const typed = /[.\w]*$/.exec(line)?.[0] ?? '';
    const names = line.trimStart().startsWith('.') && !line.includes(' ') ? Object.keys(this.#commands) : sqlNames;
    return [names.filter(name => name.toLowerCase().startsWith(typed.toLowerCase())), typed];
  }

  #giveUp(): string {
    const sql = this.#begun;
    this.#begun = '';
    return sql === '' ? '' : this.#outcome(sql);
  }

  #evaluate(sql: string): string {
    if (isRule(sql) && endsTooEarly(sql)) {
      this.#begun = sql;
      return '';
    }
    return this.#outcome(sql);
  }

  #outcome(text: string): string {
    const message = exampleMessage({ timestamp: this.#now(), ...this.#message });
    try {
      if (!isRule(text)) return `${valueText(this.#rules.rows(asRule(text, message.topic), message)[0]?.value)}\n`;
      const rows = this.#rules.rows(text, message).map(row => `${encodeJson(shown(row).value)}\n`);
      const due = this.#rules.due(text);
      if (due !== undefined) return `${rows.join('')}(a window is open until ${new Date(due).toISOString()})\n`;
      return rows.length === 0 ? '(no row)\n' : rows.join('');
    } catch (error) {
      return errorText(error, isRule(text) ? undefined : text);
    }
  }

  async #command(line: string): Promise<string> {
    const [name = '', argument = ''] = /^(\.[\w-]*)\s*(.*)$/s.exec(line)?.slice(1) ?? [];
    const run = Object.hasOwn(this.#commands, name) ? this.#commands[name] : undefined;
    if (run === undefined) return `There is no command ${name || line}; .help lists all.\n`;
    try {
      return (await run(argument)) ?? '';
    } catch (error) {
      return `${(error as Error).message}\n`;
    }
  }

  readonly #commands: Readonly<Record<string, (argument: string) => string | undefined | Promise<undefined>>> = {
    '.message': () => this.#shown(),
    '.topic': topic => this.#set('topic', parseTopic(topic)),
    '.payload': payload => this.#set('payload', payload),
    '.file': async file => this.#set('payload', await readFile(file)),
    '.clientid': id => this.#set('clientid', id),
    '.username': name => this.#set('username', name),
    '.qos': level => this.#set('qos', parseQos(level)),
    '.retain': flag => this.#set('retain', flag === 'true'),
    '.dup': flag => this.#set('dup', flag === 'true'),
    '.property': pair => this.#addPair(pair),
    '.content-type': type => this.#setProperty('Content-Type', type),
    '.response-topic': topic => this.#setProperty('Response-Topic', topic && parseTopic(topic)),
    '.correlation-data': data => this.#setProperty('Correlation-Data', data && Buffer.from(data)),
    '.expiry': seconds => this.#setProperty('Message-Expiry-Interval', seconds && parseSeconds(seconds)),
    '.payload-format': format => this.#setProperty('Payload-Format-Indicator', format && payloadFormatOf(format)),
    '.key': key => this.#set('key', key === '' ? undefined : Buffer.from(key)),
    '.header': pair => this.#addPair(pair),
    '.partition': number => this.#set('partition', number === '' ? undefined : Number(parseWhole(number))),
    '.offset': number => this.#set('offset', number === '' ? undefined : parseWhole(number)),
    '.timestamp': time => this.#set('timestamp', time === '' ? undefined : parseTime(time)),
    '.wait': duration => this.#wait(duration),
    '.function': functionText,
    '.help': () => help,
    '.exit': () => {
      this.ended = true;
      return undefined;
    },
  };

  /** One more user property, or header; without one, none. */
  #addPair(pair: string): undefined {
    this.#message.userProperties = pair === '' ? [] : parseProperty(pair, this.#message.userProperties ?? []);
  }

  /** @param value without one ('') the message does not have it */
  #setProperty(name: string, value: unknown): undefined {
    const { [name]: _before, ...others } = this.#message.properties ?? {};
    this.#message.properties = value === '' ? others : { ...others, [name]: value };
  }

  #wait(duration: string): string {
    this.#aheadMs += durationMs(duration);
    const rows = this.#rules.ended(this.#now());
    return rows.length === 0 ? '(no row)\n' : rows.map(row => `${row}\n`).join('');
  }

  #set<K extends keyof ExampleOptions>(name: K, value: ExampleOptions[K]): undefined {
    if (value === undefined || (value === '' && name !== 'payload')) delete this.#message[name];
    else this.#message[name] = value;
  }

  #shown(): string {
    const { payload = '', properties = {}, qos = 0, retain = false, userProperties = [], ...rest } = this.#message;
    const { topic, clientid, username, key, dup, partition, offset, timestamp } = rest;
    const flags = { qos, retain, ...(dup && { dup }) };
    const record = { key: key && textOf(key), partition, offset: offset && String(offset), timestamp };
    const named = Object.entries(properties).map(([name, value]) => [
      name.toLowerCase(),
      Buffer.isBuffer(value) ? textOf(value) : value,
    ]);
    const facts = { topic, clientid, username, ...flags, userProperties, ...Object.fromEntries(named), ...record };
    return Object.entries({ ...facts, payload: textOf(payload) })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}\n`)
      .join('');
  }
}

const payloadFormatOf = (format: string): 0 | 1 => {
  if (format !== 'bytes' && format !== 'utf8') throw new Error('Allowed are bytes and utf8.');
  return format === 'utf8' ? 1 : 0;
};

const sqlNames: readonly string[] = [...reservedWords, ...columns.map(({ name }) => name), ...functionNames];

const isRule = (text: string): boolean => /^\s*(SELECT|FOREACH)\b/i.test(text);

const beforeExpression = 'SELECT ';

/**
 * Every topic but those that begin with $ matches the filter #; for an expression the topic makes no difference, but that it may stand for a
 * record or an event, which have columns of their own.
 */
const asRule = (expression: string, topic: string): string => {
  const from = /^\$(kafka|events)\/[\w./-]+$/.test(topic) ? `"${topic}"` : '"#", "$SYS/#"';
  return `${beforeExpression}${expression}\n AS value FROM ${from}`;
};

const valueText = (value: Parameters<typeof encodeJson>[0]): string => {
  if (value === undefined) return 'undefined';
  return encodeJson(shown(value).value);
};

/** Whether a rule could be right if more came. */
const endsTooEarly = (sql: string): boolean => {
  try {
    compileRule(sql, { knowsPublisher: true });
    return false;
  } catch (error) {
    const place = placeOf(error);
    return MkbError.is(error, 'rule-syntax') && place !== undefined && place.offset >= sql.trimEnd().length;
  }
};

const functionText = (name: string): string => {
  const entry = findFunction(name);
  if (entry === undefined) return `There is no function named ${name}.\n`;
  return `${signature(entry)}\n${entry.description}\n`;
};

/** @param expression what was entered, when it was no whole rule: its place is told within it */
const errorText = (error: unknown, expression: string | undefined): string => {
  if (!MkbError.is(error)) throw error;
  const place = placeOf(error);
  if (place === undefined) return `error: ${error.message}\n`;
  if (expression === undefined) return `${renderCaret(place)}\nerror: ${withoutPlace(error).message}\n`;
  const found = place.line > 1 ? { found: 'the end of the expression' } : {};
  return `${renderCaret(placeWithin(expression, place))}\nerror: ${withoutPlace(error, found).message}\n`;
};

const placeWithin = (expression: string, { offset, line, column }: RulePlace): RulePlace => {
  const inside = Math.min(offset - beforeExpression.length, expression.length);
  return {
    sql: expression,
    offset: inside,
    line: 1,
    column: line > 1 ? expression.length + 1 : column - beforeExpression.length,
  };
};

/** The caret shows the place. */
const withoutPlace = (error: MkbError, details: object = {}): MkbError =>
  new MkbError(error.code, { ...(error.details as object), ...details, line: 0 } as never);
