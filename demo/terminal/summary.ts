/** What the demo says at its end: whether everything that was published has arrived. */
import type { DemoSummary } from '../demo.ts';
import { milliseconds } from './live-line.ts';

export const summaryLines = (summary: DemoSummary): string[] => {
  const { published, acknowledged, delivered, inKafka, lost, seconds, latency } = summary;
  const stages = [
    `published ${published}`,
    `acknowledged ${acknowledged}`,
    `delivered ${delivered}`,
    `in Kafka ${inKafka}`,
  ];
  const equal = [acknowledged, delivered, inKafka].every(count => count === published);
  return [
    `Ran ${seconds.toFixed(1)} s: ${stages.join(equal ? ' = ' : ', ')}.`,
    ...accountLines(summary),
    lost === 0 ? 'None lost.' : `${lost} lost.`,
    ...(latency
      ? [
          `From receipt to Kafka's acknowledgement: p50 ${milliseconds(latency.p50Ms)}, p99 ${milliseconds(latency.p99Ms)}.`,
        ]
      : []),
  ];
};

/** Why the numbers differ, where they do. */
const accountLines = ({
  published,
  acknowledged,
  received,
  deadLettered,
  dropped,
  filtered,
  inFlight,
}: DemoSummary): string[] => {
  const some = (count: number, text: string): string[] => (count > 0 ? [`${count} ${text}`] : []);
  return [
    ...some(published - acknowledged, 'without an acknowledgement of MQTT, so nothing was promised for them.'),
    ...some(received - published, 'came from other publishers.'),
    ...some(filtered, 'left out by the rule.'),
    ...some(deadLettered, 'in the dead-letter topic.'),
    ...some(dropped - filtered, 'dropped for a failure.'),
    ...some(inFlight, 'without an answer from Kafka when the time to stop was over.'),
  ];
};
