/** What MqttUsers may do at a real Mosquitto, and what others may beside them. */
import { expect, test } from 'vitest';
import { describeReal } from '../../../real/require.ts';
import { until } from '../../../real/until.ts';
import { as, deleteCommand, mosquittoWithUsers, own } from './mosquitto-with-users.ts';

describeReal('mosquitto')('a managed Mosquitto with MqttUsers', () => {
  const on = mosquittoWithUsers();

  test('gives a user its own topics, in order, and none of another', async () => {
    await on.start({ one: own, two: own });
    const { topics, bridge } = await on.listen();
    const one = await on.connect(as('one'));
    const received: string[] = [];
    one.on('message', topic => received.push(topic));
    await one.subscribeAsync('down/one/#', { qos: 1 });
    await one.publishAsync('up/one/a', '', { qos: 1 });
    await on.tries(as('one'), 'up/two/a');
    await on.tries(as('one'), '$CONTROL/dynamic-security/v1', deleteCommand('two'));
    await one.publishAsync('up/one/b', '', { qos: 1 });
    for (const topic of ['down/one/secret/a', 'down/two/a', 'down/one/last'])
      await bridge.publishAsync(topic, '', { qos: 1 });
    await until('the last message', () => received.includes('down/one/last'));
    expect(received).toEqual(['down/one/last']);
    expect(topics.filter(topic => topic.startsWith('up/'))).toEqual(['up/one/a', 'up/one/b']);
    expect(await on.letsIn(as('two'))).toBe(true);
  });

  test('heeds a list of topics that was changed', async () => {
    await on.start({ one: own });
    on.watch();
    const { topics } = await on.listen();
    const changed = [{ topic: 'other/#', action: 'publish', permission: 'allow' }] as const;
    on.mount({ one: changed });
    await until('the new list', async () => {
      await on.tries(as('one'), 'other/a');
      return topics.includes('other/a');
    });
    await on.tries(as('one'), 'up/one/a');
    await on.tries(as('one'), 'other/b');
    await until('the allowed message', () => topics.includes('other/b'));
    expect(topics).not.toContain('up/one/a');
  });

  test('lets a user without a list use what `access` lets every client use', async () => {
    await on.start({ plain: [] }, { access: { publish: ['up/${username}/#'], subscribe: ['all/#'] } });
    const { topics, bridge } = await on.listen();
    const plain = await on.connect(as('plain'));
    const received: string[] = [];
    plain.on('message', topic => received.push(topic));
    await plain.subscribeAsync('all/#', { qos: 1 });
    await on.tries(as('plain'), 'up/other/a');
    await plain.publishAsync('up/plain/a', '', { qos: 1 });
    await bridge.publishAsync('all/a', '', { qos: 1 });
    await until('its message', () => topics.includes('up/plain/a') && received.length > 0);
    expect(topics).not.toContain('up/other/a');
  });

  test('leaves those of its document as they were, named or not', async () => {
    const users = [{ username: 'lorry 7', password: { value: 'from the document' } }];
    await on.start({ one: own }, { users, anonymous: true });
    const { topics } = await on.listen();
    for (const options of [{ username: 'lorry 7', password: 'from the document' }, {}]) {
      const client = await on.connect(options);
      await client.publishAsync(`any/${topics.length}`, '', { qos: 1 });
      await on.tries(options, '$CONTROL/dynamic-security/v1', deleteCommand('one'));
    }
    await until('both', () => topics.includes('any/0') && topics.length === 2);
    expect(await on.letsIn(as('one'))).toBe(true);
  });
});
