/** Which sessions a document has, and which of those of an older one it takes up. docs/changing-a-bridge.md has the same table for people. */
import { describe, expect, it } from 'vitest';
import {
  isSameSession,
  leftOrdinals,
  mayBeSameBroker,
  sessionIdentity,
  subscribedFilters,
} from '../../../operator/resources/session-identity.ts';
import { documentIn } from '../support/resources.ts';

type Mqtt = Parameters<typeof documentIn>[0];
const of = (mqtt: object) => sessionIdentity(documentIn({ mqtt: { clientId: 'c', ...mqtt } } as Mqtt))!;
const at = { url: 'mqtt://a' };

describe('a document', () => {
  it.each<[string, object, object]>([
    ['another password', at, { ...at, auth: { username: 'u', password: { value: 'p' } } }],
    ['the port said', at, { url: 'mqtt://a:1883' }],
    ['the host in capitals', at, { url: 'mqtt://A' }],
    ['another address besides', at, { urls: ['mqtt://b', 'mqtt://a'] }],
    ['another version', at, { ...at, version: '3.1.1' }],
    ['another expiry', at, { ...at, sessionExpiry: '1h' }],
    ['another port of an EMQX', { brokerRef: { name: 'e' } }, { brokerRef: { name: 'e', port: 8883 } }],
    [
      'TLS at its own broker',
      { broker: { kind: 'mosquitto' } },
      { broker: { kind: 'mosquitto', tls: { secretName: 's' } } },
    ],
  ])('goes on with its sessions with %s', (_, old, now) => {
    expect(isSameSession(of(old), of(now))).toBe(true);
    expect(leftOrdinals(of(old), of(now), 1)).toEqual([]);
  });

  it.each<[string, object, object, number[]]>([
    ['another client id', at, { ...at, clientId: 'd' }, [0]],
    ['a group', at, { ...at, share: 's' }, [0]],
    ['no group', { ...at, share: 's' }, at, [0, 1, 2]],
    ['its own broker', at, { broker: { kind: 'mosquitto' } }, [0]],
    ['no broker of its own', { broker: { kind: 'mosquitto' }, share: 's' }, { ...at, share: 's' }, [0, 1, 2]],
    ['another client id and address', { ...at, share: 's' }, { url: 'mqtt://b', share: 's', clientId: 'd' }, [0, 1, 2]],
    ['clients that connect to it', at, { listen: [{ port: 1883 }] }, [0]],
    ['clients that connect to each replica', { ...at, share: 's' }, { listen: [{ port: 1883 }] }, [0, 1, 2]],
    ['clients in place of its own broker', { broker: { kind: 'mosquitto' } }, { listen: [{ port: 1883 }] }, [0]],
    ['sessions that end at once', at, { ...at, sessionExpiry: '0s' }, [0]],
    // A replica of the new document has the client id that the old one had: to drain that session would end it under the replica.
    ['the id of one of its replicas taken up', { ...at, clientId: 'c-0' }, { ...at, share: 's' }, []],
    ['the id of another', { ...at, clientId: 'c-01' }, { ...at, share: 's' }, [0]],
  ])('leaves its sessions with %s', (_, old, now, left) => {
    const identity = sessionIdentity(documentIn({ mqtt: { clientId: 'c', ...now } } as Mqtt));
    expect(leftOrdinals(of(old), identity, 3)).toEqual(left);
  });

  it.each<[object, object, boolean]>([
    [at, { url: 'mqtts://a' }, true],
    [at, { url: 'mqtt://b' }, true],
    [at, { urls: ['mqtt://b', 'mqtt://c'] }, true],
    [at, { brokerRef: { name: 'e' } }, true],
    [{ brokerRef: { name: 'e' } }, { brokerRef: { name: 'f' } }, true],
    [at, { url: 'mqtt://b', clientId: 'd' }, false],
    [at, { url: 'mqtt://b', share: 's' }, false],
    [at, { broker: { kind: 'mosquitto' } }, false],
    [{ broker: { kind: 'mosquitto' } }, at, false],
    [at, at, false],
  ])('of %j that says %j may mean the same broker: %s', (old, now, may) => {
    expect(mayBeSameBroker(of(old), of(now))).toBe(may);
  });

  it('without sessions has none to leave', () => {
    const none = (mqtt: object) => sessionIdentity(documentIn({ mqtt } as Mqtt));
    expect(none({ ...at, sessionExpiry: '0s' })).toBeUndefined();
    // That has no expiry to say, so a broker keeps the session all the same.
    expect(none({ ...at, sessionExpiry: '0s', version: '3.1.1' })).toBeDefined();
  });

  it('names no secret and no user', () => {
    const text = JSON.stringify(of({ ...at, auth: { username: 'somebody', password: { value: 'hidden' } } }));
    expect(text).not.toMatch(/somebody|hidden/);
  });

  it('subscribes to the filters of all rules, for its group', () => {
    const rule = (name: string, from: string) => ({
      name,
      sql: `SELECT payload FROM ${from}`,
      sinks: [{ kafka: { topic: 't' } }],
    });
    const rules = [rule('a', '"x/{id}", "y/#"'), rule('b', '"y/#"')];
    expect(subscribedFilters(documentIn({ mqtt: { ...at, share: 's' }, rules }))).toEqual([
      '$share/s/x/+',
      '$share/s/y/#',
    ]);
  });
});
