/** What the demo says when it is ready: what runs where, and how to look at it from outside. */
import { styleText } from 'node:util';
import type { DemoFacts } from '../demo.ts';
import { lookCommands } from './commands.ts';

type Paint = (format: 'bold' | 'dim' | 'cyan', text: string) => string;

/**
 * The lines.
 *
 * @param seconds from the start of the process until everything ran
 * @param colour whether to use a terminal's colours
 */
export const bannerLines = (facts: DemoFacts, seconds: number, colour: boolean): string[] => {
  const paint: Paint = (format, text) => (colour ? styleText(format, text, { validateStream: false }) : text);
  const { mqttPort, kafkaPort, metricsPort, pagePort, topic, vehicles, moved, listens } = facts;
  const row = (name: string, where: string, what: string): string =>
    `  ${paint('bold', name.padEnd(9))} ${paint('cyan', where.padEnd(29))} ${what}`;
  return [
    '',
    row('Vehicles', `${vehicles}`, 'simulated, each publishes to mqttx/simulate/tesla/{clientid}'),
    row(
      'MQTT',
      `mqtt://localhost:${mqttPort}`,
      listens ? 'the bridge itself, MQTT 5 and 3.1.1; no broker' : 'embedded, MQTT 3.1.1',
    ),
    row('Bridge', 'demo/my-vehicles.yaml', `the document; its rule: ${facts.sql}`),
    row('Kafka', `localhost:${kafkaPort}`, `embedded; topic ${topic.name}, ${topic.partitions} partitions`),
    row('Metrics', `http://localhost:${metricsPort}/metrics`, 'for Prometheus'),
    ...(pagePort === undefined ? [] : [row('Page', `http://localhost:${pagePort}`, 'open it and watch')]),
    '',
    ...moved.map(({ option, from, to }) => `  Port ${from} was taken, so ${to} it is; ${option} chooses another.`),
    `  ${listens ? 'Kafka is' : 'MQTT and Kafka are'} embedded, for demos and tests only: in memory, no login, everything is gone when ${listens ? 'it stops' : 'they stop'}.`,
    '',
    `  ${paint('bold', 'Look from outside')}`,
    ...lookCommands(facts).map(command => paint('dim', `    ${command}`)),
    '',
    `  Ready in ${seconds.toFixed(1)} s. Ctrl-C stops.`,
    '',
  ];
};
