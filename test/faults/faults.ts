/** Each fault: a name, a function that does it, how long it lasts, and a function that undoes it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BridgeProcess } from '../support/bridge-process.ts';
import type { Oracle } from './oracle.ts';
import type { Link, World } from './world.ts';

/** Long runs: more messages, longer outages, more kills. */
export const long = process.env.MKB_LONG === '1';

/** What a fault can reach. */
export interface Scene extends World {
  readonly bridge: BridgeProcess;
  readonly oracle: Oracle;
}

export interface Fault {
  readonly name: string;
  /** Which way the bridge takes to its brokers; straight when left out. */
  readonly link?: Link;
  /** How often it is done in one run; once when left out. */
  readonly times?: number;
  /** Returns when the harm is done. */
  do(scene: Scene): void | Promise<void>;
  /** Returns when the harm has lasted long enough; left out where it lasts a moment. */
  last?(scene: Scene): Promise<void>;
  undo(scene: Scene): void | Promise<void>;
}

/** For `test.each` and its `%s`. */
export const byName = (...faults: Fault[]): [string, Fault][] => faults.map(fault => [fault.name, fault]);

/** Until a tenth of the messages more is at the MQTT broker, so that what could be lost has piled up. */
const whileMessagesPileUp = ({ oracle }: Scene, share = 0.1) =>
  oracle.reach(Math.min(1, oracle.load.acknowledged / oracle.load.total + share));

/** The fault's own length: nothing that could be waited for says that a silence was long enough. */
const forSeconds = (seconds: number) => () => pause(seconds * 1000);

const already = () => undefined;

export const nothing: Fault = { name: 'nothing happens', do: already, undo: already };

export const kafkaKilled: Fault = {
  name: 'Kafka is killed with -9 and started again',
  do: ({ kafka }) => kafka.brokers[0]!.kill(),
  last: scene => whileMessagesPileUp(scene),
  undo: ({ kafka }) => kafka.brokers[0]!.start(),
};

/** Not `start`: without Kafka it is not ready. */
export const killedWithoutKafka: Fault = {
  name: 'Kafka is down, and the bridge is killed with -9 again and again meanwhile',
  do: ({ kafka }) => kafka.brokers[0]!.kill(),
  last: async scene => {
    for (let time = 0; time < (long ? 10 : 3); time++) {
      await whileMessagesPileUp(scene, 0.05);
      await scene.bridge.kill();
      await scene.bridge.launch();
    }
    await whileMessagesPileUp(scene, 0.05);
  },
  undo: ({ kafka }) => kafka.brokers[0]!.start(),
};

export const kafkaFrozen: Fault = {
  name: `Kafka is stopped with SIGSTOP for ${long ? 20 : 4} s`,
  do: ({ kafka }) => kafka.brokers[0]!.pause(),
  last: forSeconds(long ? 20 : 4),
  undo: ({ kafka }) => kafka.brokers[0]!.resume(),
};

/** Needs three brokers. */
export const leaderKilled: Fault = {
  name: 'one of three Kafka brokers is killed with -9, and comes back',
  do: ({ kafka }) => kafka.brokers[1]!.kill(),
  last: scene => whileMessagesPileUp(scene),
  undo: ({ kafka }) => kafka.brokers[1]!.start(),
};

/** Needs three brokers. Each leads while the others restart, so every partition's leader moves. */
export const rollingRestart: Fault = {
  name: 'the three Kafka brokers are stopped and started in turn',
  times: 3,
  do: async ({ kafka }) => {
    const next = kafka.brokers[rolled++ % 3]!;
    await next.stop();
    await next.start();
  },
  undo: already,
};
let rolled = 0;

export const bridgeKilled: Fault = {
  name: `the bridge is killed with -9 ${long ? 'five times' : 'twice'}`,
  times: long ? 5 : 2,
  do: ({ bridge }) => bridge.kill(),
  undo: ({ bridge }) => bridge.start(),
};

export const bridgeStopped: Fault = {
  name: 'the bridge is stopped with SIGTERM and started again',
  do: async ({ bridge }) => {
    const ending = await bridge.stop();
    if (ending !== 0) throw new Error(`The bridge did not end by itself: ${ending}.\n${bridge.log()}`);
  },
  undo: ({ bridge }) => bridge.start(),
};

export const mosquittoRestarted: Fault = {
  name: 'Mosquitto is restarted and keeps its sessions',
  do: ({ mosquitto }) => mosquitto.restart(),
  undo: already,
};

export const mosquittoFrozen: Fault = {
  name: `Mosquitto is stopped with SIGSTOP for ${long ? 20 : 3} s`,
  do: ({ mosquitto }) => mosquitto.pause(),
  last: forSeconds(long ? 20 : 3),
  undo: ({ mosquitto }) => mosquitto.resume(),
};

export const mqttCut: Fault = {
  name: 'the connection to MQTT is reset again and again, and refused for a while',
  link: 'mqtt proxy',
  times: long ? 10 : 3,
  do: ({ mqttProxy }) => {
    mqttProxy.refuse();
    mqttProxy.cut('reset');
  },
  last: scene => whileMessagesPileUp(scene),
  undo: ({ mqttProxy }) => mqttProxy.accept(),
};

export const mqttEnded: Fault = {
  name: 'the connection to MQTT ends again and again',
  link: 'mqtt proxy',
  times: long ? 10 : 3,
  do: ({ mqttProxy }) => mqttProxy.cut('end'),
  undo: already,
};

export const mqttSlowed: Fault = {
  name: 'the connection to MQTT is slow and narrow, and then cut',
  link: 'mqtt proxy',
  do: ({ mqttProxy }) => {
    mqttProxy.delay(100);
    mqttProxy.limit(100_000);
  },
  last: scene => whileMessagesPileUp(scene),
  undo: ({ mqttProxy }) => {
    mqttProxy.cut('reset');
    mqttProxy.clear();
  },
};

/** The answers of Kafka are what is cut off: records may be there that the bridge does not know of. */
export const kafkaCut: Fault = {
  name: 'the connections to Kafka are reset again and again while its answers are under way',
  link: 'kafka proxy',
  times: long ? 10 : 3,
  do: ({ kafka }) => {
    for (const { proxy } of kafka.brokers) proxy!.freeze('down');
  },
  last: scene => whileMessagesPileUp(scene),
  undo: ({ kafka }) => {
    for (const { proxy } of kafka.brokers) {
      proxy!.cut('reset');
      proxy!.thaw();
    }
  },
};

export const kafkaSlowed: Fault = {
  name: 'the connections to Kafka are slow and narrow',
  link: 'kafka proxy',
  do: ({ kafka }) => {
    for (const { proxy } of kafka.brokers) {
      proxy!.delay(100);
      proxy!.limit(100_000);
    }
  },
  last: scene => whileMessagesPileUp(scene),
  undo: ({ kafka }) => {
    for (const { proxy } of kafka.brokers) proxy!.clear();
  },
};

/** A connection lives for a hundred milliseconds on average. */
export const kafkaCutAtRandom: Fault = {
  name: 'connections to Kafka are reset at random moments, again and again',
  link: 'kafka proxy',
  do: ({ kafka, oracle }) => {
    const timer = setInterval(() => {
      if (oracle.load.acknowledged === oracle.load.total) clearInterval(timer);
      for (const { proxy } of kafka.brokers) if (Math.random() < 0.1) proxy!.cut('reset');
    }, 10);
  },
  last: scene => whileMessagesPileUp(scene, 1),
  undo: already,
};

/** Once: each time the group waits for ten seconds until the dead member's session is over. */
export const killedOnce: Fault = { ...bridgeKilled, name: 'the bridge is killed with -9', times: 1 };

/** Of Kafka as a source. Nothing piles up meanwhile: what is written is acknowledged by the Kafka that is down. */
export const sourceKilled: Fault = { ...kafkaKilled, last: undefined };
