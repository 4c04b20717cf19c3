import { expect, test } from 'vitest';
import type { MqttMessage } from '../../bridge/mqtt/message.ts';
import { messageOf } from '../../cli/test-message.ts';

test('a message of a test has the publisher that it says, with attributes', () => {
  const said = { topic: 'cars/1', qos: 0, retain: false, timestamp: 0, clientid: 'c', clientAttrs: { tenant: 'acme' } };
  const message = messageOf(said as Parameters<typeof messageOf>[0]) as MqttMessage;
  expect([message.clientid, { ...message.client_attrs }]).toEqual(['c', { tenant: 'acme' }]);
  const { clientAttrs, ...plain } = said;
  expect((messageOf(plain as Parameters<typeof messageOf>[0]) as MqttMessage).client_attrs).toBeUndefined();
});
