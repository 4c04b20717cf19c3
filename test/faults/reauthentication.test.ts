/**
 * Kafka lets a login hold for a second (KIP-368). While the bridge repeated it on the connection in use, the broker answered what was
 * sent meanwhile with ILLEGAL_SASL_STATE: 984 of 295,650 acknowledged messages were dropped.
 */
import { once } from 'node:events';
import { Connection } from '@platformatic/kafka';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { producerFor } from '../bridge/kafka/support/producing.ts';
import { unsecuredToken } from '../real/kafka.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { nothing } from './faults.ts';
import type { RecordFault } from './record-faults.ts';
import { expectRecordsSafe } from './record-run.ts';
import { mkbUnder, runLimitMs } from './under-fault.ts';
import { type Run, startWorld, type World } from './world.ts';

const loginMs = 1000;
/** How long a test lasts in which nothing but time does harm. */
const severalLoginsMs = 5 * loginMs;

describeReal('kafka', 'mosquitto')('a login that expires under load', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ sasl: true, config: { 'connections.max.reauth.ms': `${loginMs}` } });
  });
  afterAll(() => world?.stop());

  const credentials = {
    plain: () => ({ username: world.kafka.user.username, password: { value: world.kafka.user.password } }),
    'scram-sha-512': () => credentials.plain(),
    oauthbearer: () => ({ token: { value: unsecuredToken(world.kafka.user.username) } }),
  };
  const mechanisms = Object.keys(credentials) as (keyof typeof credentials)[];
  const runWith = async (mechanism: keyof typeof credentials): Promise<Run> => ({
    ...(await world.newRun()),
    bootstrap: world.kafka.bootstrapSasl,
    auth: { mechanism, ...credentials[mechanism]() },
  });

  test('is one that this Kafka really limits', async () => {
    const { username, password } = world.kafka.user;
    const connection = new Connection('test', { sasl: { mechanism: 'PLAIN', username, password } });
    const [host, port] = world.kafka.bootstrapSasl.split(':') as [string, string];
    await connection.connect(host, Number(port));
    await once(connection, 'sasl:authentication:extended');
    await connection.close();
  });

  test.each(mechanisms)(
    'of %s costs no message',
    async mechanism => {
      const { verdict, accounts } = await mkbUnder(world, nothing, { run: await runWith(mechanism) });
      expect(verdict.problems, verdict.text).toEqual([]);
      expect(accounts).toEqual([]);
    },
    runLimitMs,
  );

  test('has nothing under way on the connection that logs in', async () => {
    await world.kafka.createTopic('busy');
    const sasl = { mechanism: 'plain', ...world.kafka.user } as const;
    const producer = await producerFor(world.kafka.bootstrapSasl, {
      security: { sasl },
      lingerMs: 0,
      batchBytes: 1024,
    });
    const began = performance.now();
    let sent = 0;
    while (performance.now() - began < severalLoginsMs) {
      producer.append(
        'busy',
        Array.from({ length: 30 }, () => ({ key: `${sent}`, value: `${sent++}` })),
      );
      producer.cluster.refresh();
      await producer.outcome();
    }
    producer.close();
    expect(producer.delivered).toHaveLength(sent);
    expect(producer.problems.filter(({ message }) => message.includes('SASL'))).toEqual([]);
  });

  test(
    'costs no record on its way to MQTT',
    async () => {
      let log = '';
      const severalLogins: RecordFault = {
        name: 'several logins',
        run: async ({ bridges: [bridge] }) => {
          const began = performance.now();
          await until('several logins to expire', () => performance.now() - began > severalLoginsMs);
          log = bridge.log(1000);
        },
      };
      await expectRecordsSafe(world, severalLogins, await runWith('scram-sha-512'));
      expect(log).not.toContain('ILLEGAL_SASL_STATE');
    },
    runLimitMs,
  );
});
