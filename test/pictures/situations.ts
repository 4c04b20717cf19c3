/**
 * What dashboards are looked at in: all well, each part killed, the first minute, and a fleet. Those of one stack follow on one another, so that
 * the time shown has the recovery from the fault before.
 */
import { type DemoStack, startDemoStack } from '../dashboards/support/demo-stack.ts';
import { startOperatorStack } from '../dashboards/support/operator-stack.ts';

export interface Situation {
  readonly name: string;
  /** Brings it about. */
  begin?(): Promise<void>;
  /** How long it lasts before it is drawn, seconds. */
  readonly lasts: number;
  end?(): Promise<void>;
}

export interface Stage {
  readonly prometheus: string;
  readonly situations: readonly Situation[];
  stop(): Promise<void>;
}

export interface StageOfSituations {
  readonly names: readonly string[];
  readonly dashboards: readonly string[];
  /** Seconds between two scrapes. */
  readonly scrape: number;
  start(): Promise<Stage>;
}

const brokersOf = ({ kafka }: DemoStack) => kafka.brokers;

const demoSituations = (stack: DemoStack): Situation[] => [
  { name: 'first-minute', lasts: 60 },
  { name: 'healthy', lasts: 180 },
  {
    name: 'kafka-killed',
    begin: async () => void (await Promise.all(brokersOf(stack).map(broker => broker.kill()))),
    lasts: 120,
    end: async () => void (await Promise.all(brokersOf(stack).map(broker => broker.start()))),
  },
  {
    name: 'broker-killed',
    begin: () => stack.mosquitto.kill(),
    lasts: 120,
    end: () => stack.mosquitto.start(),
  },
  { name: 'bridge-killed', begin: () => stack.bridge.kill(), lasts: 120, end: () => stack.bridge.start() },
];

const ofDemo = ['pipeline', 'vehicles', 'mqtt-broker', 'kafka', 'runbooks'];

export const stages: readonly StageOfSituations[] = [
  {
    names: ['first-minute', 'healthy', 'kafka-killed', 'broker-killed', 'bridge-killed'],
    dashboards: ofDemo,
    scrape: 5,
    async start() {
      const stack = await startDemoStack({ interval: 5 });
      return { prometheus: stack.prometheus.url, situations: demoSituations(stack), stop: stack.stop };
    },
  },
  {
    names: ['many-vehicles'],
    dashboards: ofDemo,
    scrape: 5,
    async start() {
      const stack = await startDemoStack({ interval: 5, vehicles: 1010 });
      const situations = [{ name: 'many-vehicles', lasts: 120 }];
      return { prometheus: stack.prometheus.url, situations, stop: stack.stop };
    },
  },
  {
    names: ['buffered', 'buffered-kafka-killed'],
    dashboards: ['pipeline'],
    scrape: 5,
    async start() {
      const stack = await startDemoStack({ interval: 5, buffered: true });
      const kill = async () => void (await Promise.all(brokersOf(stack).map(broker => broker.kill())));
      const situations = [
        { name: 'buffered', lasts: 90 },
        { name: 'buffered-kafka-killed', begin: kill, lasts: 120 },
      ];
      return { prometheus: stack.prometheus.url, situations, stop: stack.stop };
    },
  },
  {
    names: ['operator', 'operator-killed'],
    dashboards: ['operator'],
    scrape: 1,
    async start() {
      const stack = await startOperatorStack();
      const situations = [
        { name: 'operator', lasts: 90 },
        { name: 'operator-killed', begin: () => stack.endOperator(), lasts: 70 },
      ];
      return { prometheus: stack.prometheus.url, situations, stop: stack.stop };
    },
  },
];
