import { expect, test } from 'vitest';
import { documentOf, load, told } from '../support/documents.ts';

const kafka = (sink: object) =>
  documentOf({ rules: [{ name: 'r', sql: 'SELECT payload FROM "a"', sinks: [{ kafka: { topic: 't', ...sink } }] }] });
const mqtt = (sink: object, version = '5') =>
  documentOf({
    mqtt: { url: 'mqtt://localhost', version },
    rules: [
      {
        name: 'r',
        sql: 'SELECT value FROM "$kafka/a"',
        sinks: [{ mqtt: { topic: 't', payload: '${value}', ...sink } }],
      },
    ],
  });
const header = (name: string) => ({ name, value: 'x' });

// Consumers read an attribute that is there twice each in its own way.
test.each<[string, Record<string, unknown>, string[]]>([
  ['nothing beside it', kafka({ cloudEvents: {}, headers: [header('id')] }), []],
  ['headers of attributes without it', kafka({ headers: [header('ce_id'), header('content-type')] }), []],
  ['a header of an attribute', kafka({ cloudEvents: {}, headers: [header('ce_id')] }), ['headers[0].name']],
  ['a content type as a header', kafka({ cloudEvents: {}, headers: [header('Content-Type')] }), ['headers[0].name']],
  [
    'an extension with the name of an attribute',
    kafka({ cloudEvents: { extensions: [header('id')] } }),
    ['cloudEvents.extensions[0].name'],
  ],
  [
    'an extension called data',
    kafka({ cloudEvents: { extensions: [header('data')] } }),
    ['cloudEvents.extensions[0].name'],
  ],
  [
    'an extension in capitals',
    kafka({ cloudEvents: { extensions: [header('Ext')] } }),
    ['cloudEvents.extensions[0].name'],
  ],
  [
    'an extension twice',
    kafka({ cloudEvents: { extensions: [header('a'), header('a')] } }),
    ['cloudEvents.extensions[1].name'],
  ],
  [
    'a user property of an attribute',
    mqtt({ cloudEvents: {}, userProperties: [header('type'), header('ce_type')] }),
    ['userProperties[0].name'],
  ],
  [
    'a user property of an extension',
    mqtt({ cloudEvents: { extensions: [header('a')] }, userProperties: [header('a')] }),
    ['userProperties[0].name'],
  ],
  ['a content type', mqtt({ cloudEvents: {}, contentType: 'a' }), ['contentType']],
  ['binary mode over MQTT 3.1.1', mqtt({ cloudEvents: { mode: 'binary' } }, '3.1.1'), ['cloudEvents']],
  ['structured mode over MQTT 3.1.1', mqtt({ cloudEvents: { mode: 'structured' } }, '3.1.1'), []],
  ['properties that come along over MQTT 3.1.1', mqtt({ mqttProperties: true }, '3.1.1'), ['mqttProperties']],
])('%s with cloudEvents', (_what, document, places) => {
  const found = told(load(document)).map(each =>
    each.replace(/^spec\.rules\[0\]\.sinks\[0\]\.(kafka|mqtt)\.([^:]*):.*/s, '$2'),
  );
  expect(found).toEqual(places);
});
