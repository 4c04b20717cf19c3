import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeReal } from '../real/require.ts';
import {
  bridgeKilled,
  bridgeStopped,
  byName,
  long,
  mosquittoFrozen,
  mosquittoRestarted,
  mqttCut,
  mqttEnded,
  mqttSlowed,
  nothing,
} from './faults.ts';
import { ways } from './proof/ways.ts';
import { mkbUnder, runLimitMs } from './under-fault.ts';
import { startWorld, type World } from './world.ts';

/** With MQTT 5, QoS 2 and more than 65,535 messages in its queue Mosquitto 2.0.11 runs out of packet identifiers, and stops permanently. */
const messagesPerClient = 15_000;

describeReal('kafka', 'mosquitto')('no acknowledged message is lost, damaged or overtaken when', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  test.each(byName(bridgeKilled, bridgeStopped, mosquittoRestarted, mosquittoFrozen, mqttCut, mqttEnded, mqttSlowed))(
    '%s',
    async (_name, fault) => {
      const { verdict, accounts } = await mkbUnder(world, fault, { way: ways.qos1 });
      expect(verdict.problems, verdict.text).toEqual([]);
      expect(accounts).toEqual([]);
    },
    runLimitMs,
  );

  test.each(byName(nothing, bridgeKilled, mosquittoRestarted, mqttCut))(
    'QoS 2 is used and %s',
    async (_name, fault) => {
      const { verdict, accounts } = await mkbUnder(world, fault, {
        way: ways.qos2,
        qos: 2,
        ...(long && { messagesPerClient }),
      });
      expect(verdict.problems, verdict.text).toEqual([]);
      expect(accounts).toEqual([]);
    },
    runLimitMs,
  );
});
