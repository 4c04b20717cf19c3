/** Faults while records go from Kafka to MQTT. Each does its harm, lets it last, and undoes it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BridgeProcess } from '../support/bridge-process.ts';
import type { RecordOracle } from './record-oracle.ts';
import type { Link, World } from './world.ts';

export interface RecordScene extends World {
  /** The first one runs; the second is another replica, which does not. */
  readonly bridges: readonly [BridgeProcess, BridgeProcess];
  readonly oracle: RecordOracle;
}

export interface RecordFault {
  readonly name: string;
  readonly link?: Link;
  /** How often it is done in one run; once when left out. */
  readonly times?: number;
  run(scene: RecordScene): Promise<void>;
}

/** For `test.each` and its `%s`. */
export const byName = (...faults: RecordFault[]): [string, RecordFault][] => faults.map(fault => [fault.name, fault]);

/** Until Kafka has a tenth of the records more, so that what could be lost has piled up. */
const whileRecordsPileUp = ({ oracle }: RecordScene) =>
  oracle.reachWritten(Math.min(1, oracle.written / oracle.total + 0.1));

export const bridgeKilled: RecordFault = {
  name: 'the bridge is killed with -9 twice',
  times: 2,
  run: async ({ bridges: [bridge] }) => {
    await bridge.kill();
    await bridge.start();
  },
};

export const bridgeStopped: RecordFault = {
  name: 'the bridge is stopped with SIGTERM and started again',
  run: async ({ bridges: [bridge] }) => {
    const ending = await bridge.stop();
    if (ending !== 0) throw new Error(`The bridge did not end by itself: ${ending}.\n${bridge.log()}`);
    await bridge.start();
  },
};

export const mosquittoRestarted: RecordFault = {
  name: 'Mosquitto is restarted and keeps its sessions',
  run: ({ mosquitto }) => mosquitto.restart(),
};

export const mosquittoFrozen: RecordFault = {
  name: 'Mosquitto is stopped with SIGSTOP for 3 s',
  run: async ({ mosquitto }) => {
    mosquitto.pause();
    await pause(3000);
    mosquitto.resume();
  },
};

export const mqttCut: RecordFault = {
  name: 'the connection to MQTT is reset again and again, and refused for a while',
  link: 'mqtt proxy',
  times: 3,
  run: async scene => {
    scene.mqttProxy.refuse();
    scene.mqttProxy.cut('reset');
    await whileRecordsPileUp(scene);
    scene.mqttProxy.accept();
  },
};

export const kafkaRestarted: RecordFault = {
  name: 'Kafka is killed with -9 and started again',
  run: async ({ kafka }) => {
    await kafka.brokers[0]!.kill();
    await kafka.brokers[0]!.start();
  },
};

/** Longer than a session of the group: the bridge is put out of it, and its partitions are assigned again. */
export const kafkaFrozen: RecordFault = {
  name: 'Kafka is stopped with SIGSTOP for 12 s',
  run: async ({ kafka }) => {
    kafka.brokers[0]!.pause();
    await pause(12_000);
    kafka.brokers[0]!.resume();
  },
};

/** Needs three brokers. */
export const leaderKilled: RecordFault = {
  name: 'one of three Kafka brokers is killed with -9, and comes back',
  run: async scene => {
    await scene.kafka.brokers[1]!.kill();
    await whileRecordsPileUp(scene);
    await scene.kafka.brokers[1]!.start();
  },
};

/** Needs three brokers. Each leads and coordinates while the others restart. */
export const rollingRestart: RecordFault = {
  name: 'the three Kafka brokers are stopped and started in turn',
  run: async ({ kafka }) => {
    for (const broker of kafka.brokers) {
      await broker.stop();
      await broker.start();
    }
  },
};

/** Partitions go to the second replica, and come back. */
export const bridgeJoins: RecordFault = {
  name: 'another replica joins and leaves, once in order and once killed with -9',
  times: 2,
  run: async scene => {
    const [, other] = scene.bridges;
    await other.start();
    await whileRecordsPileUp(scene);
    if (scene.oracle.written < scene.oracle.total / 2) await other.stop();
    else await other.kill();
  },
};

/** What the bridge sends does not reach the broker any more, and then the bridge dies with it. @param last returns when that has lasted long enough */
export const frozenThenKilledAfter = (last: (scene: RecordScene) => Promise<unknown>): RecordFault => ({
  name: 'nothing reaches MQTT for a while, and then the bridge is killed with -9',
  link: 'mqtt proxy',
  run: async scene => {
    const [bridge] = scene.bridges;
    scene.mqttProxy.freeze('up');
    await last(scene);
    await bridge.kill();
    scene.mqttProxy.cut('reset');
    scene.mqttProxy.thaw();
    await bridge.start();
  },
});

export const frozenThenKilled = frozenThenKilledAfter(whileRecordsPileUp);
