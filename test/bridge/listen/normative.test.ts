/** Statements of the standard ([MQTT-x.y.z-n]), by section, as a client that looks for faults would try them. packets.test.ts has more. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { connect4, connect5, packet, publish, text } from './support/bytes.ts';
import { RawClient, type Stage, stage } from './support/stage.ts';

let current: Stage;

beforeAll(async () => {
  current = await stage({
    clients: { route: true, limits: { keepAlive: '60s' } },
    mqtt: { receiveMaximum: 4, maximumPacketSize: '8KiB' },
  });
});

afterAll(() => current[Symbol.asyncDispose]());

const open = async (): Promise<RawClient> => await new RawClient(current.port).opened();

/** A client that was let in, and what the server said to it since then. */
async function joined(connect: string): Promise<RawClient & { since(): string }> {
  const client = await open();
  client.send(connect);
  await client.says('20');
  await until('the whole CONNACK', () => client.hex.length >= 4 + 2 * Number.parseInt(client.hex.slice(2, 4), 16));
  const welcome = client.hex.length;
  return Object.assign(client, { since: () => client.hex.slice(welcome) });
}

const any5 = connect5(`00${text('')}`);
const any4 = connect4(text(''));
/** CONNECT of MQTT 5 with properties. */
const with5 = (properties: string, id = '', rest = '', flags = '02') => {
  const bytes = properties.replaceAll(' ', '');
  return connect5(`${(bytes.length / 2).toString(16).padStart(2, '0')}${bytes}${text(id)}${rest}`, flags);
};
const subscribe5 = (properties: string, filter: string, options: string) =>
  packet(0x82, '0001', (properties.length / 2).toString(16).padStart(2, '0'), properties, text(filter), options);
const userProperty = (name: string, value: string) => `26${text(name)}${text(value)}`;

describe('MQTT 5: the connection is ended with the reason code of the standard for', () => {
  const cases: readonly [statement: string, bytes: string, reasonCode: string][] = [
    ['[MQTT-1.5.4-1] a surrogate in a topic', packet(0x30, '0003eda080', '00'), '81'],
    ['[MQTT-1.5.4-1] a surrogate in a filter', packet(0x82, '0001 00 0003eda080 00'), '81'],
    ['[MQTT-1.5.4-2] NUL in a topic', publish(0x30, 'a\0b', '00'), '81'],
    ['[MQTT-1.5.4-2] NUL in a user property', publish(0x30, 'cars/1', `0a${userProperty('a\0', 'bcd')}`), '81'],
    ['[MQTT-2.2.1-3] UNSUBSCRIBE with packet identifier 0', packet(0xa2, '0000', '00', text('a')), '82'],
    ['[MQTT-2.2.1-3] PUBREL with packet identifier 0', '62020000', '82'],
    ['[MQTT-2.2.1-3] PUBREC with packet identifier 0', '50020000', '82'],
    ['[MQTT-2.2.1-3] PUBCOMP with packet identifier 0', '70020000', '82'],
    ['[MQTT-2.1.3-1] PUBREL with flags of 0', '60020001', '81'],
    ['[MQTT-2.1.3-1] PUBCOMP with flags', '72020001', '81'],
    ['[MQTT-2.1.3-1] UNSUBSCRIBE with flags of 0', packet(0xa0, '0001', '00', text('a')), '81'],
    ['3.3.2.3.3: a message expiry that is cut off', publish(0x30, 'cars/1', '03 020000'), '81'],
    ['3.3.2.3.6: correlation data twice', publish(0x30, 'cars/1', '08 09000161 09000162'), '82'],
    ['3.4.2.2: PUBACK with a property that it does not have', packet(0x40, '0001 00 02 0100'), '81'],
    ['3.4.2.2.2: PUBACK with its reason string twice', packet(0x40, '0001 00 06 1f0000 1f0000'), '82'],
    ['3.4.2.2.2: PUBACK with a reason string that is not UTF-8', packet(0x40, '0001 00 04 1f0001ff'), '81'],
    ['3.5.2: PUBREC that is longer than its parts', packet(0x50, '0001 00 00 00'), '81'],
    ['3.6.2: PUBREL with properties that are cut off', packet(0x62, '0001 00 05 1f'), '81'],
    ['3.7.2: PUBCOMP with properties that are cut off', packet(0x70, '0001 00 05'), '81'],
    ['3.8.2.1.2: a subscription identifier of 0', subscribe5('0b00', 'a', '00'), '82'],
    ['3.8.2.1.2: two subscription identifiers', subscribe5('0b010b02', 'a', '00'), '82'],
    ['3.8.2.1: SUBSCRIBE with a property that it does not have', subscribe5('0100', 'a', '00'), '81'],
    ['[MQTT-3.8.3-4] No Local on a shared subscription', subscribe5('', '$share/g/a', '04'), '82'],
    ['[MQTT-3.8.3-5] reserved options', subscribe5('', 'a', '40'), '81'],
    ['3.8.3.1: QoS 3', subscribe5('', 'a', '03'), '82'],
    ['3.8.3.1: Retain Handling 3', subscribe5('', 'a', '30'), '82'],
    ['3.8.3: a filter without options', packet(0x82, '0001', '00', text('a')), '81'],
    ['3.10.2.1: UNSUBSCRIBE with a subscription identifier', packet(0xa2, '0001', '02', '0b01', text('a')), '81'],
    ['[MQTT-3.12.1] PINGREQ with flags', 'c100', '81'],
    ['3.14.2: DISCONNECT that is longer than its parts', packet(0xe0, '00 00 00'), '81'],
    ['3.14.2.2.2: the session expiry twice', packet(0xe0, '00 0a 1100000001 1100000001'), '82'],
    ['3.14.2.2.3: the reason string twice', packet(0xe0, '00 06 1f0000 1f0000'), '82'],
    ['3.14.2.2.4: a server reference from a client', packet(0xe0, '00 03 1c0000'), '81'],
    ['[MQTT-3.14.2-2] a session that CONNECT did not ask for', packet(0xe0, '00 05 1100000001'), '82'],
    ['SUBACK from a client', packet(0x90, '0001 00 00'), '82'],
    ['PINGRESP from a client', 'd000', '82'],
  ];

  test.each(cases)('%s', async (_statement, bytes, reasonCode) => {
    const client = await joined(any5);
    client.send(bytes);
    await client.untilClosed();
    expect(client.since()).toMatch(new RegExp(`^e0..${reasonCode}`));
  });
});

describe('MQTT 3.1.1: the connection is closed without a packet for', () => {
  const cases: readonly [statement: string, bytes: string][] = [
    ['[MQTT-1.5.3-1] a topic that is not UTF-8', packet(0x30, '0001ff')],
    ['[MQTT-3.1.0-2] a second CONNECT', any4],
    ['[MQTT-3.3.1-4] QoS 3', publish(0x36, 'cars/1', '0001')],
    ['[MQTT-3.3.2-2] a wildcard', publish(0x30, 'cars/#', '')],
    ['[MQTT-4.7.3-1] a topic of no characters', publish(0x30, '', '')],
    ['[MQTT-3.8.3-4] QoS 3 of a subscription', packet(0x82, '0001', text('a'), '03')],
    ['[MQTT-3.8.3-4] options of MQTT 5', packet(0x82, '0001', text('a'), '04')],
    ['[MQTT-3.8.3-3] no filter', packet(0x82, '0001')],
    ['[MQTT-3.10.3-2] no filter to leave', packet(0xa2, '0001')],
    ['3.4: PUBACK with a reason code', '4003000100'],
    ['3.6: PUBREL with a reason code', '6203000100'],
    ['AUTH, which came with MQTT 5', 'f000'],
  ];

  test.each(cases)('%s', async (_statement, bytes) => {
    const client = await joined(any4);
    client.send(bytes);
    await client.untilClosed();
    expect(client.since()).toBe('');
  });
});

describe('it is no fault', () => {
  const alive: readonly [statement: string, connect: string, bytes: string, answer: string][] = [
    ['to leave what was not subscribed to', any5, packet(0xa2, '0001', '00', text('a')), 'b004 0001 00 11'],
    ['[MQTT-3.10.4-5] nor in MQTT 3.1.1', any4, packet(0xa2, '0001', text('a')), 'b002 0001'],
    ['to acknowledge what was never sent', any5, '40020001 70020001 c000', 'd000'],
    ['[MQTT-4.3.3] to receive what was never sent', any5, '50020001', '62 03 0001 92'],
    ['for MQTT 3.1.1 to receive what was never sent', any4, '50020001', '6202 0001'],
    ['to release what was never sent', any5, '62020001', '7003 0001 92'],
    ['for MQTT 3.1.1 to release what was never sent', any4, '62020001', '7002 0001'],
    ['to give a reason with an acknowledgement', any5, `${packet(0x40, '0001 97 06 1f', text('abc'))} c000`, 'd000'],
    ['to use U+FFFD, which is a character as others', any5, publish(0x32, 'a\ufffd', '0001 00'), '4003 0001 10'],
    ['[MQTT-1.5.4-3] to begin with U+FEFF', any5, publish(0x32, '\ufeffa', '0001 00'), '4003 0001 10'],
    ['to publish to a topic of one slash', any5, publish(0x32, '/', '0001 00'), '4003 0001 10'],
    [
      'to have the same user property twice',
      any5,
      publish(0x32, 'x', `0001 0e${userProperty('a', 'b').repeat(2)}`),
      '4003 0001 10',
    ],
    [
      '[MQTT-4.8.2-1] to share under a name with a wildcard: it is refused',
      any5,
      subscribe5('', '$share/a+/b', '00'),
      '90',
    ],
  ];

  test.each(alive)('%s', async (_statement, connect, bytes, answer) => {
    const client = await joined(connect);
    client.send(bytes);
    await until(`${answer} in ${client.since()}`, () => client.since().startsWith(answer.replaceAll(' ', '')));
    client.send('c000');
    await until('the connection to go on', () => client.since().endsWith('d000'));
    client.socket.destroy();
  });
});

describe('what a client asks for in CONNECT is kept to', () => {
  const refused = packet(0x82, '0001', '00', text('#'), '00');

  test('[MQTT-3.1.2-29] no reason string where it wants none, and 3.9.2.1.2 where it is larger than it takes', async () => {
    const plain = '9004 0001 00 87'.replaceAll(' ', '');
    for (const properties of ['1700', '270000000c']) {
      const client = await joined(with5(properties));
      client.send(`${refused} c000`);
      await until('both answers', () => client.since().endsWith('d000'));
      expect(client.since()).toBe(`${plain}d000`);
      client.socket.destroy();
    }
    const other = await joined(any5);
    other.send(`${refused} c000`);
    await until('both answers', () => other.since().endsWith('d000'));
    expect(other.since()).toContain(Buffer.from('mqtt.clients.subscribe').toString('hex'));
    other.socket.destroy();
  });

  test('[MQTT-3.2.2-19] nor with a refusal', async () => {
    const client = await open();
    client.send(with5(`2700000008 15${text('x')}`));
    await client.untilClosed();
    expect(client.hex).toBe('2003008c00');
  });

  test.each([
    ['0', '0000', true],
    ['60 s', '003c', false],
    ['2 minutes', '0078', true],
  ])('3.2.2.3.14: a keep-alive of %s is answered with Server Keep Alive, or not', async (_what, seconds, answered) => {
    const client = await open();
    client.send(packet(0x10, text('MQTT'), '05', '02', seconds, '00', text('')));
    await client.says('20');
    await until('CONNACK', () => client.hex.length > 40);
    expect(client.hex.includes('13003c')).toBe(answered);
    client.socket.destroy();
  });

  test('[MQTT-3.1.3-7] a client without a client id gets one that no other has, with a clean start or without', async () => {
    const ids = new Set<string>();
    for (const flags of ['02', '00']) {
      const client = await open();
      client.send(with5('', '', '', flags));
      await until('a client id', () => /12 ?0029/.test(client.hex));
      ids.add(/120029(.{82})/.exec(client.hex)![1]!);
      client.socket.destroy();
    }
    expect(ids.size).toBe(2);
  });

  test('[MQTT-3.3.2-17] properties come through byte by byte: user properties in their order and as often as they are given', async () => {
    const car = await joined(any5);
    car.send(packet(0x82, '0001', '00', text('through'), '00'));
    await until('SUBACK', () => car.since() === '9004000100' + '00');
    const correlation = '09 0003 00ff80';
    const properties = ['0101', '03', text('text/ä'), '08', text('answers/1'), correlation]
      .concat([userProperty('b', '1'), userProperty('a', '2'), userProperty('b', '1')])
      .join('')
      .replaceAll(' ', '');
    const message = publish(0x30, 'through', `${(properties.length / 2).toString(16)}${properties}7b7d`);
    car.send(message);
    await until('the message', () => car.since().includes('7b7d'));
    expect(car.since().slice(12)).toBe(message);
    car.socket.destroy();
  });
});

// Ten thousand clients with wills of 64 KiB held 640 MiB that nobody counted.
test('the wills of clients that are connected are counted as memory that they hold', async () => {
  const { listener } = current.bridge.listener!;
  await until('earlier clients to be gone', () => listener.connected === 0 && listener.heldBytes === 0);
  const will = `00${text('cars/will')}${text('x'.repeat(4000))}`;
  const client = await joined(connect5(`00${text('')}${will}`, '06'));
  expect(listener.heldBytes).toBeGreaterThan(4000);
  client.send('e000');
  await client.untilClosed();
  await until('nothing to be held', () => listener.heldBytes === 0);
});
