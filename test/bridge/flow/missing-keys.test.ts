// Records without a key went to any partition, and nobody was told: the field that the key is made of was missing in some messages.
import { afterEach, expect, test } from 'vitest';
import { Flow } from './support/flowing.ts';

let flow: Flow;
afterEach(async () => flow.stop());

const start = async (sink: Record<string, unknown>): Promise<void> => {
  const rules = [{ name: 'r', sql: 'SELECT payload FROM "v/#"', sinks: [{ kafka: { topic: 't', ...sink } }] }];
  flow = await Flow.start({ topics: ['t', 't.a', 'dead'], deadLetter: 'dead', rules });
};

const send = async (...payloads: string[]): Promise<void> => {
  for (const payload of payloads) await flow.send({ topic: 'v/1', payload });
};

test('a key that is missing is counted, told once for its sink, and the record is written', async () => {
  await start({ key: '${payload.id}' });
  await send('{"id": "a"}', '{}', '{"id": null}', '{"id": 0}', '{"id": ""}');
  expect(flow.records('t').map(({ key }) => key)).toEqual(['a', undefined, undefined, '0', '']);
  expect(flow.rules[0]!.sinks[0]!.writer.keysMissing).toBe(2);
  expect(flow.warnings).toEqual([
    { rule: 'r', code: 'record-key-missing', message: expect.stringContaining('${payload.id}') },
  ]);
});

test('a key that lacks a part is one as well', async () => {
  await start({ key: 'car-${payload.id}-${payload.part}' });
  await send('{"id": 1, "part": 2}', '{"id": 1}', '{"part": null, "id": 1}');
  expect(flow.rules[0]!.sinks[0]!.writer.keysMissing).toBe(2);
  expect(flow.warnings[0]!.message).toContain('${payload.part}');
});

test('a key with a text in its place is never missing', async () => {
  await start({ key: '${payload.id:-unknown}' });
  await send('{}', '{"id": null}');
  expect(flow.records('t').map(({ key }) => key)).toEqual(['unknown', 'unknown']);
  expect([flow.rules[0]!.sinks[0]!.writer.keysMissing, flow.warnings]).toEqual([0, []]);
});

test('a value that is demanded and missing fails its message, and no other', async () => {
  await start({ key: '${payload.id:?send the serial number}', headers: [{ name: 'h', value: '${payload.h:?}' }] });
  await send('{"id": "a", "h": 1}', '{"h": 1}', '{"id": "a", "h": null}');
  expect(flow.records('t').map(({ key }) => key)).toEqual(['a']);
  expect(flow.failures.map(({ code }) => code)).toEqual(['template-value-missing', 'template-value-missing']);
  const messages = flow.records('dead').map(({ headers }) => Object.fromEntries(headers)['mkb.error.message']);
  expect(messages).toEqual([
    '${payload.id:?send the serial number} has no value in this message: send the serial number.',
    '${payload.h:?} has no value in this message.',
  ]);
});

test.each(['t.${payload.kind}', '${payload.whole}'])('a topic that lacks a part is not written to: %s', async topic => {
  // Nobody looks for the message there, be it in `t.` or in `null`.
  await start({ topic });
  await send('{"kind": "a", "whole": "t.a"}', '{}', '{"kind": null, "whole": null}');
  expect(flow.records('t.a')).toHaveLength(1);
  expect(flow.failures.map(({ code }) => code)).toEqual(['template-value-missing', 'template-value-missing']);
});
