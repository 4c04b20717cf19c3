/**
 * A bridge that takes another document every second, under load: nothing is lost, doubled or overtaken.
 *
 * Each document has another rule for the messages that are counted, and another set of filters beside it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeReal } from '../real/require.ts';
import type { MkbProcess } from '../support/bridge-process.ts';
import type { Oracle } from './oracle.ts';
import { mkbFor, oracleFor, type Run, runDocument, startWorld, type World } from './world.ts';

const isLong = process.env.MKB_LONG === '1';
const reloads = isLong ? 60 : 5;
const pauseMs = isLong ? 1000 : 300;

/** The same messages to the same topic, by a rule that is another one each time, and a rule with a filter that comes and goes. */
function documentOf(run: Run, turn: number): object {
  const sql = `SELECT payload FROM "${run.topicPrefix}/{clientid}" WHERE ${turn} = ${turn}`;
  const document = runDocument(run, { sql }) as { spec: { rules: object[]; kafka: object } };
  const other = {
    name: `other-${turn % 3}`,
    sql: `SELECT payload FROM "other/${run.topic}/${turn % 3}/#"`,
    sinks: [{ kafka: { topic: run.deadTopic } }],
  };
  document.spec.rules.push(other);
  const producer = { linger: `${turn % 5}ms`, compression: turn % 2 === 0 ? 'none' : 'gzip' };
  document.spec.kafka = { ...document.spec.kafka, producer };
  return document;
}

describeReal('kafka', 'mosquitto')('a bridge under load', () => {
  test(
    'that takes another document again and again loses, doubles and reorders nothing',
    { timeout: 300_000 },
    async () => {
      let world: World | undefined;
      let bridge: MkbProcess | undefined;
      let oracle: Oracle | undefined;
      try {
        world = await startWorld();
        const run = await world.newRun();
        bridge = await mkbFor(run);
        await bridge.start();
        const perClient = isLong ? 8000 : 500;
        oracle = oracleFor(world, run, {
          clients: 4,
          messagesPerClient: perClient,
          messagesPerSecond: isLong ? 500 : 800,
        });
        await oracle.start();
        for (let turn = 1; turn <= reloads; turn++) {
          expect(await bridge.reload(documentOf(run, turn))).toContain('changed carry');
          await pause(pauseMs);
        }
        const verdict = await oracle.verdict();
        expect(verdict.problems, verdict.text).toEqual([]);
        expect(verdict.duplicates, verdict.text).toBe(0);
        const metrics = await bridge.metrics();
        expect(metrics.unbalanced).toEqual([]);
        expect(metrics.sum('mkb_mqtt_connections_total')).toBe(1);
        expect(metrics.sum('mkb_messages_received_total', 'mqtt')).toBe(4 * perClient);
        expect(await bridge.stop()).toBe(0);
      } finally {
        await oracle?.stop();
        await bridge?.remove();
        await world?.stop();
      }
    },
  );
});
