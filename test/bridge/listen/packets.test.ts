/** What a server says to packets that a client should not send, byte by byte: always an answer of the standard, never a crash. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { connect4, connect5, mqttName, packet, publish, text } from './support/bytes.ts';
import { RawClient, type Stage, stage } from './support/stage.ts';

let current: Stage;

beforeAll(async () => {
  current = await stage({ mqtt: { receiveMaximum: 4, maximumPacketSize: '1KiB' } });
});

afterAll(async () => {
  await current[Symbol.asyncDispose]();
});

async function raw(): Promise<RawClient> {
  return await new RawClient(current.port).opened();
}

describe('a CONNECT', () => {
  const cases: readonly [what: string, bytes: string, answer: string][] = [
    ['of MQTT 3.1', packet(0x10, text('MQIsdp'), '03', '02', '003c', text('a')), '20020001'],
    ['of MQTT 3.1 under the later name', packet(0x10, mqttName, '03', '02', '003c', text('a')), '20020001'],
    ['of MQTT 6', packet(0x10, mqttName, '06', '02', '003c', '00', text('a')), '0084'],
    ['with the reserved flag', connect5(`00${text('a')}`, '03'), '0081'],
    ['with will QoS 3', connect5(`00${text('a')}`, '1e'), '0081'],
    ['with will flags and no will', connect5(`00${text('a')}`, '22'), '0081'],
    ['with a client id that is not UTF-8', connect5('000001ff'), '0081'],
    ['with NUL in the client id', connect5('00000100'), '0081'],
    ['that is cut off', connect5('0000'), '0081'],
    ['that is longer than its parts', connect5(`00${text('a')}00`), '0081'],
    ['with a property that it does not have', connect5(`02 0100${text('a')}`), '0081'],
    ['with a property twice', connect5(`06 210001 210001${text('a')}`), '0082'],
    ['with Receive Maximum 0', connect5(`03 210000${text('a')}`), '0082'],
    ['with Maximum Packet Size 0', connect5(`05 2700000000${text('a')}`), '0082'],
    ['with a flag that is neither 0 nor 1', connect5(`02 1702${text('a')}`), '0082'],
    ['with authentication data and no method', connect5(`04 16000100${text('a')}`), '0082'],
    ['that asks for enhanced authentication', connect5(`04 15 ${text('x')}${text('a')}`), '008c'],
    ['with a will for a wildcard', connect5(`00${text('a')}00${text('a/#')}${text('x')}`, '06'), '0090'],
    ['with a will that is to be retained', connect5(`00${text('a')}00${text('a')}${text('x')}`, '26'), '009a'],
    ['of MQTT 3.1.1 without a client id and a clean session', connect4(text(''), '00'), '20020002'],
  ];

  test.each(cases)('%s is refused', async (_what, bytes, answer) => {
    const client = await raw();
    client.send(bytes);
    await client.says(answer);
    await client.untilClosed();
  });

  const closed: readonly [what: string, bytes: string][] = [
    ['another protocol', packet(0x10, text('HTTP'), '04', '02', '003c', text('a'))],
    ['MQTT 3.1.1 with a password and no user name', connect4(text('a') + text('x'), '42')],
    ['a PUBLISH before CONNECT', publish(0x30, 'cars/1', '')],
    ['text', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n').toString('hex')],
    ['a TLS hello', '160301020001000001fc0303'],
    ['a length of five bytes', '10ffffffffff'],
    ['a packet that is announced as very large', '10ffffff7f'],
  ];

  test.each(closed)('%s is not answered: the connection is closed', async (_what, bytes) => {
    const client = await raw();
    client.send(bytes);
    await client.untilClosed();
    expect(client.hex).toBe('');
  });

  test('says what this server does not do', async () => {
    const client = await raw();
    client.send(connect5(`05 11ffffffff${text('')}`));
    // Session expiry a day, Receive Maximum 4, Retain Available 0, Maximum Packet Size 1024, topic aliases, and no subscriptions of any kind.
    for (const property of ['1100015180', '210004', '2500', '2700000400', '220020', '2800', '2900', '2a00', '1200'])
      await client.says(property);
    client.socket.destroy();
  });

  test('of MQTT 3.1.1 is answered in four bytes', async () => {
    const client = await raw();
    client.send(connect4(text('')));
    await client.says('20020000');
    client.socket.destroy();
  });
});

describe('after CONNECT', () => {
  const cases: readonly [what: string, bytes: string, reasonCode: string][] = [
    ['a second CONNECT', connect5(`00${text('a')}`), '82'],
    ['a packet of type 0', '0000', '81'],
    ['CONNACK', '20020000', '82'],
    ['PUBACK without a packet identifier', '40020000', '82'],
    ['PUBACK with wrong flags', '41020001', '81'],
    ['PUBREC that is too short', '500100', '81'],
    ['AUTH', 'f000', '82'],
    ['PINGREQ with a body', 'c00100', '81'],
    ['SUBSCRIBE with wrong flags', packet(0x80, '0001', '00', text('a'), '00'), '81'],
    ['SUBSCRIBE without a filter', packet(0x82, '0001', '00'), '82'],
    ['SUBSCRIBE with packet identifier 0', packet(0x82, '0000', '00', text('a'), '00'), '82'],
    ['UNSUBSCRIBE without a filter', packet(0xa2, '0001', '00'), '82'],
    ['PUBREL with wrong flags', '60020001', '81'],
    ['DISCONNECT with wrong flags', 'e100', '81'],
    ['PUBLISH with QoS 3', publish(0x36, 'cars/1', '0001 00'), '81'],
    ['PUBLISH with QoS 0 and DUP', publish(0x38, 'cars/1', '00'), '81'],
    ['PUBLISH with packet identifier 0', publish(0x32, 'cars/1', '0000 00'), '82'],
    ['PUBLISH without a topic', publish(0x30, '', '00'), '82'],
    ['PUBLISH to a wildcard', publish(0x30, 'cars/+', '00'), '90'],
    ['PUBLISH to a topic that is not UTF-8', packet(0x30, '0001ff', '00'), '81'],
    ['PUBLISH that is cut off', packet(0x32, '0005', '61'), '81'],
    ['PUBLISH with RETAIN', publish(0x31, 'cars/1', '00'), '9a'],
    ['PUBLISH with a topic alias that is unknown', publish(0x30, '', '03 230001'), '82'],
    ['PUBLISH with topic alias 0', publish(0x30, 'cars/1', '03 230000'), '94'],
    ['PUBLISH with a topic alias that is too large', publish(0x30, 'cars/1', '03 230021'), '94'],
    ['PUBLISH with a subscription identifier', publish(0x30, 'cars/1', '02 0b01'), '82'],
    ['PUBLISH with a property twice', publish(0x30, 'cars/1', '04 0100 0100'), '82'],
    ['PUBLISH with payload format 2', publish(0x30, 'cars/1', '02 0102'), '82'],
    ['PUBLISH with a property of another packet', publish(0x30, 'cars/1', '05 1100000000'), '81'],
    ['PUBLISH with a content type that is not UTF-8', publish(0x30, 'cars/1', '04 030001ff'), '81'],
    ['PUBLISH with a response topic that is a wildcard', publish(0x30, 'cars/1', `04 08${text('#')}`), '82'],
    ['PUBLISH with properties that are cut off', publish(0x30, 'cars/1', '7f00'), '81'],
    ['PUBLISH that is too large', publish(0x32, 'cars/1', `0001 00${'78'.repeat(1100)}`), '95'],
  ];

  test.each(cases)('%s ends the connection with its reason code', async (_what, bytes, reasonCode) => {
    const client = await raw();
    client.send(connect5(`00${text('')}`));
    await until('CONNACK', () => client.hex !== '');
    const welcome = client.hex.length;
    client.send(bytes);
    await client.untilClosed();
    // DISCONNECT, its length, its reason code.
    expect(client.hex.slice(welcome)).toMatch(new RegExp(`^e0..${reasonCode}`));
  });

  test('more messages than Receive Maximum end the connection with 0x93', async () => {
    await using held = await stage({ mqtt: { receiveMaximum: 2 } });
    await held.kafka.cluster.node(1).stop();
    const other = await new RawClient(held.port).opened();
    other.send(connect5(`00${text('')}`));
    await until('CONNACK', () => other.hex !== '');
    for (let id = 1; id <= 3; id++) other.send(publish(0x32, 'cars/1', `000${id} 00`));
    await until('DISCONNECT', () => /e0..93/.test(other.hex));
    await held.kafka.cluster.node(1).start();
  });

  test('a subscription is refused in MQTT 3.1.1, too, and the connection goes on', async () => {
    const client = await raw();
    client.send(connect4(text('')));
    client.send(packet(0x82, '0007', text('a'), '01', text('b/#'), '00'));
    await client.says('900400078080');
    client.send('c000');
    await client.says('d000');
    client.socket.destroy();
  });

  test('PUBREC, PUBREL and PUBCOMP go through, a repeated PUBLISH is one message, and an unknown PUBREL is answered with 0x92', async () => {
    const client = await raw();
    const before = current.records().length;
    client.send(connect5(`00${text('')}`));
    client.send(publish(0x34, 'cars/1', '0005 00 78'));
    await client.says('50020005');
    client.send(publish(0x3c, 'cars/1', '0005 00 78'));
    await client.says('5002000550020005');
    client.send('62020005');
    await client.says('70020005');
    client.send('62020009');
    await client.says('7003000992');
    // The identifier is free again.
    client.send(publish(0x34, 'cars/1', '0005 00 79'));
    await until('the second message', () => current.records().length === before + 2);
    client.socket.destroy();
  });

  test('a message of MQTT 3.1.1 that is too large is a dead letter and does not stop those behind it', async () => {
    const client = await raw();
    client.send(connect4(text('')));
    client.send(publish(0x32, 'cars/1', `0001${'78'.repeat(1100)}`) + publish(0x32, 'cars/1', '000279'));
    await client.says('4002000140020002');
    expect(current.records('dead')).toHaveLength(1);
    client.socket.destroy();
  });

  test('packets that come byte by byte are read as if they came at once', async () => {
    const client = await raw();
    const bytes = [connect5(`00${text('slow')}`), publish(0x32, 'cars/1', '0001 00 7a'), 'c000'].join('');
    for (let at = 0; at < bytes.length; at += 2) client.send(bytes.slice(at, at + 2));
    await client.says('d000');
    await client.says('40020001');
    client.socket.destroy();
  });
});
