/** MqttUsers on a real API server: what the broker is to know of them, and what they say of themselves. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KubernetesObject, RunningKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { bridge, looks, operatorAccount, type RunningOperator, startCluster, startOperator } from './support/stage.ts';

const user = (name: string, spec: object = {}, bridgeName = 'cars'): KubernetesObject => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttUser',
  metadata: { name, namespace: 'default' },
  spec: { bridgeRef: { name: bridgeName }, ...spec },
});

const secret = (name: string, stringData: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default' },
  stringData,
});

const decoded = (object: KubernetesObject | undefined, key: string): string =>
  Buffer.from((object?.data as Record<string, string> | undefined)?.[key] ?? '', 'base64').toString();

describeReal('kubernetes', 'kwok')('MqttUsers', () => {
  let kubernetes: RunningKubernetes;
  let operator: RunningOperator;
  const documentUsers = [{ username: 'lorry', password: { value: 'x' } }];

  beforeAll(async () => {
    kubernetes = await startCluster();
    operator = await startOperator(kubernetes, { distributeMs: 1000 });
    await kubernetes.apply(bridge('cars', { mqtt: { broker: { kind: 'mosquitto', users: documentUsers } } }));
    await looks(kubernetes).reaches('cars', 'BrokerReady', 'True');
  }, 90_000);

  afterAll(async () => {
    await operator?.stop();
    await kubernetes?.stop();
  });

  const get = (name: string) => kubernetes.get('mqttuser', name);
  const reaches = (name: string, reason: string) =>
    until(
      `${name} to be ${reason}`,
      async () => {
        const object = await get(name);
        const ready = object?.status?.conditions?.[0];
        return ready?.reason === reason && ready.observedGeneration === object!.metadata.generation ? ready : undefined;
      },
      { everyMs: 100 },
    );
  /** The fields of what the broker knows, by user name. */
  const known = async (): Promise<Record<string, string[]>> => {
    const text = decoded(await kubernetes.get('secret', 'cars-broker-users'), 'users');
    const lines = text.split('\n').filter(line => line !== '');
    return Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf('\t')), line.split('\t')]));
  };

  it('are known to the broker with a password that the operator makes up, and its Pod is not rolled', async () => {
    const revision = async () => (await kubernetes.get('sts', 'cars-broker'))!.status.updateRevision;
    const before = await revision();
    await kubernetes.apply(user('van', { acls: [{ topic: 'up/${username}/#', action: 'publish' }] }), user('bus'));
    expect((await reaches('van', 'InForce')).status).toBe('True');
    await reaches('bus', 'InForce');
    const made = await kubernetes.get('secret', 'van');
    expect(decoded(made, 'username')).toBe('van');
    expect(decoded(made, 'password')).toMatch(/^[-\w]{32}$/);
    const { van, bus } = await known();
    expect(JSON.parse(van![1]!)).toBe(decoded(made, 'password'));
    expect(van![4]).toBe('apup/van/#');
    expect(bus![4]).toBe('a*# a*$SYS/#');
    expect(await revision()).toBe(before);
    expect((await get('van'))!.status).toMatchObject({ username: 'van', secret: 'van' });
    expect(await kubernetes.kubectl(['get', 'mqttusers', 'van'])).toMatch(/cars\s+van\s+True\s+InForce/);
  });

  it('have the password of a Secret, and another as soon as that has', async () => {
    await kubernetes.apply(user('tram', { passwordFrom: { secretKeyRef: { name: 'trams', key: 'one' } } }));
    await reaches('tram', 'PasswordNotFound');
    await kubernetes.apply(secret('trams', { one: 'first\n' }));
    await reaches('tram', 'InForce');
    const before = (await known()).tram!;
    expect(before[1]).toBe('"first"');
    await kubernetes.apply(secret('trams', { one: 'second' }));
    await until('the second password', async () => (await known()).tram![1] === '"second"');
    await reaches('tram', 'InForce');
    await kubernetes.apply(secret('trams', { one: 'two\nlines' }));
    await reaches('tram', 'PasswordInvalid');
    expect((await known()).tram![1]).toBe('"second"');
    await kubernetes.kubectl(['delete', 'secret', 'trams']);
    await reaches('tram', 'PasswordNotFound');
    expect((await known()).tram![1]).toBe('"second"');
  });

  it('are gone from the broker when they are deleted, with the Secret that was made for them', async () => {
    await kubernetes.apply(user('bike'));
    await reaches('bike', 'InForce');
    await kubernetes.kubectl(['delete', 'mqttuser', 'bike']);
    await until('the broker not to know it', async () => !('bike' in (await known())));
  });

  it('keep a name that they had first', async () => {
    await kubernetes.apply(user('ferry', { username: 'boat' }));
    await reaches('ferry', 'InForce');
    await kubernetes.apply(user('boat'), user('also-lorry', { username: 'lorry' }));
    expect((await reaches('boat', 'UsernameTaken')).message).toContain('boat is that of MqttUser ferry.');
    expect((await reaches('also-lorry', 'UsernameTaken')).message).toContain('mqtt.broker.users');
    await kubernetes.kubectl(['delete', 'mqttuser', 'ferry']);
    await reaches('boat', 'InForce');
  });

  it('keep the password of nobody else', async () => {
    await kubernetes.apply(secret('taxi', { password: 'not ours' }));
    await kubernetes.apply(user('taxi'));
    await reaches('taxi', 'SecretTaken');
    expect(decoded(await kubernetes.get('secret', 'taxi'), 'password')).toBe('not ours');
    expect(await known()).not.toHaveProperty('taxi');
  });

  it.each([
    ['no bridge', 'nobody', undefined, 'BridgeNotFound'],
    ['a bridge without a managed broker', 'outside', { mqtt: { url: 'mqtt://broker:1883' } }, 'NoManagedBroker'],
    ['EMQX', 'emqx', { mqtt: { broker: { kind: 'emqx' } } }, 'BrokerNotSupported'],
  ])('say so when they are for %s', async (_, name, spec, reason) => {
    if (spec) await kubernetes.apply(bridge(name, spec));
    await kubernetes.apply(user(`for-${name}`, {}, name));
    await reaches(`for-${name}`, reason);
  });

  it('may not publish more than the `access` that rules trust', async () => {
    const access = { publish: ['up/${username}/#'], subscribe: [] };
    await kubernetes.apply(bridge('trusting', { mqtt: { broker: { kind: 'mosquitto', access } } }));
    await kubernetes.apply(user('forger', { acls: [{ topic: '#' }] }, 'trusting'));
    expect((await reaches('forger', 'AclNotAllowed')).message).toContain('publish to #');
    await kubernetes.apply(user('reader', { acls: [{ topic: 'all/#', action: 'subscribe' }] }, 'trusting'));
    await reaches('reader', 'InForce');
  });

  it.each([
    ['an operator of its own', { username: 'mkb-bridge' }, /mkb-/],
    ['topics of the broker', { acls: [{ topic: '$CONTROL/dynamic-security/v1' }] }, /topic/],
    ['the client id, which a user may choose', { acls: [{ topic: 'up/${clientid}' }] }, /topic/],
    ['a line break in its name', { username: 'a\nb' }, /username/],
  ])('are refused at once with %s', async (_, spec, message) => {
    await expect(kubernetes.apply(user('bad', spec))).rejects.toThrow(message);
  });

  it('are put right again when somebody changes what the broker is to know', async () => {
    await reaches('van', 'InForce');
    await kubernetes.kubectl(['patch', 'secret', 'cars-broker-users', '-p', '{"data":{"users":""}}']);
    await until('the users', async () => 'van' in (await known()));
  });

  it('cost a few writes each, however many are added at once, and none when others come', async () => {
    const many = Array.from({ length: 100 }, (_, n) => user(`many-${n}`));
    await kubernetes.apply(...many);
    await reaches('many-99', 'InForce');
    await reaches('many-0', 'InForce');
    const writes = async () =>
      (await kubernetes.audit()).filter(
        ({ user: by, verb, name, code }) =>
          by.endsWith(`:${operatorAccount}`) && /create|update|patch/.test(verb) && code < 300 && /^many-/.test(name),
      ).length;
    await until('all of them', async () => {
      const { items } = JSON.parse(await kubernetes.kubectl(['get', 'mqttusers', '-o', 'json']));
      const ready = items.filter(
        ({ metadata, status }: KubernetesObject) =>
          metadata.name.startsWith('many-') && status?.conditions?.[0]?.status === 'True',
      );
      return ready.length === many.length;
    });
    const before = await writes();
    // Its Secret, that it is on its way, that it is in force; and once more for what the watch had not reported yet.
    expect(before).toBeLessThanOrEqual(4 * many.length);
    await kubernetes.apply(user('many-100'));
    await reaches('many-100', 'InForce');
    expect((await writes()) - before).toBeLessThanOrEqual(4);
  });

  it('need no other rights than the operator has, and no fault of it', async () => {
    const refused = (await kubernetes.audit()).filter(
      ({ user: by, code }) => by.endsWith(`:${operatorAccount}`) && code === 403,
    );
    expect(refused).toEqual([]);
    expect(operator.complaints.filter(each => /fault in the program/.test(each))).toEqual([]);
  });
});
