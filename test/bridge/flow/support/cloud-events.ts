/** CloudEvents that a Kafka sink writes, in the bridge and by `mkb test`, read with the SDK of the standard. */
import { CloudEvent, Kafka } from 'cloudevents';
import { expect } from 'vitest';
import type { TestMessage } from '../../../../api/schema/rule-tests.ts';
import { bytesOf } from '../../../../api/written-bytes.ts';
import { messageOf } from '../../../../cli/test-message.ts';
import { propertiesOf } from '../../../../cli/test-properties.ts';
import { type Written, writtenBy } from '../../../../cli/test-records.ts';
import { compileRule } from '../../../../rules/compile.ts';
import { rowsOf } from '../../../../rules/offline.ts';
import { Flow, type FlowOptions } from './flowing.ts';

let running: Flow | undefined;

/** The flow of the last message. */
export const flow = (): Flow => running!;

export async function start(options: FlowOptions): Promise<Flow> {
  running = await Flow.start(options);
  return running;
}

export async function stop(): Promise<void> {
  await running?.stop();
  running = undefined;
}

export type Given = Partial<TestMessage>;
export type Read = Pick<Written, 'key' | 'value' | 'headers'>;

export const any = 'SELECT payload FROM "v/#"';
const time = 1_700_000_000_123;
export const documentOf = (cloudEvents: object, sql = any, sink: object = {}) => ({
  name: 'r',
  sql,
  sinks: [{ kafka: { topic: 't', mqttHeaders: false, cloudEvents: { mode: 'binary', ...cloudEvents }, ...sink } }],
});

export async function live(document: ReturnType<typeof documentOf>, ...given: Given[]): Promise<Read[]> {
  running = await Flow.start({ topics: ['t', 'dead'], deadLetter: 'dead', rules: [document] });
  await running.send(
    ...given.map(each => ({
      topic: each.topic ?? 'v/1',
      payload: bytesOf(each.payload ?? '')!,
      properties: propertiesOf(each as TestMessage),
    })),
  );
  return running.kafka.records('t').map(({ key, value, headers }) => ({
    key: key ?? undefined,
    value: value ?? undefined,
    headers: headers.map(([name, content]) => ({ name: name.toString(), value: content ?? undefined })),
  }));
}

export function offline(document: ReturnType<typeof documentOf>, given: Given): Written[] {
  const message = { topic: 'v/1', payload: '', qos: 1, retain: false, timestamp: time, ...given } as TestMessage;
  const rule = compileRule(document.sql);
  return writtenBy(document as never, rule, rowsOf(rule, messageOf(message), []), 'test');
}

/** Without what is the session's own: the id of an MQTT message. */
const withoutIds = (records: readonly Read[]) =>
  records.map(({ value, headers }) => ({
    value: value?.toString('latin1').replace(/"id":"r-[0-9A-F]{32}/, '"id":"r-ID'),
    headers: headers.map(each => [each.name, String(each.value).replace(/^r-[0-9A-F]{32}/, 'r-ID')]),
  }));

/** Made in the bridge; `mkb test` makes the same. */
export async function made(document: ReturnType<typeof documentOf>, given: Given): Promise<Read> {
  const records = await live(document, given);
  expect(withoutIds(offline(document, given))).toEqual(withoutIds(records));
  return records[0]!;
}

/** As the standard's SDK reads it, strictly. */
export function read({ value, headers }: Read): Record<string, unknown> {
  const named = Object.fromEntries(headers.map(({ name, value: text }) => [name, String(text)]));
  const structured = named['content-type']?.startsWith('application/cloudevents');
  const event = Kafka.toEvent({
    headers: named,
    value: structured ? value!.toString() : (value ?? ''),
    key: undefined,
    body: '',
  } as never) as CloudEvent<unknown>;
  const set = Object.entries(event).filter(([, each]) => each !== undefined);
  return JSON.parse(new CloudEvent(Object.fromEntries(set) as never, true).toString());
}

export const header = ({ headers }: Read, name: string) =>
  headers.filter(each => each.name === name).map(({ value }) => String(value));
