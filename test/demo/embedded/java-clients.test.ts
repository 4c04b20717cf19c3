import { smallJava } from '../../real/kafka-config.ts';
import { describeReal } from '../../real/require.ts';
import { kafkaClassPath } from '../../real/systems.ts';
import { clientContract, compressions, type Driver } from './client-contract.ts';
import { CommandLine } from './command-line.ts';

function tool(name: string, args: readonly string[], input?: readonly string[]): CommandLine {
  return new CommandLine(
    'java',
    [...smallJava, '-cp', kafkaClassPath()!, `org.apache.kafka.tools.${name}`, ...args],
    input,
  );
}

const CONSUMER = 'consumer.ConsoleConsumer';

const driver: Driver = {
  compressions,

  async produce(bootstrap, topic, values, compression) {
    const keyed = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:'];
    const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--compression-codec', compression, ...keyed];
    await tool(
      'ConsoleProducer',
      args,
      values.map(value => `key:${value}`),
    ).finish();
  },

  async read(bootstrap, topic, count) {
    const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--from-beginning', '--max-messages', `${count}`];
    return await tool(CONSUMER, args).finish();
  },

  async join(bootstrap, topic, group) {
    const quick = ['--command-property', 'heartbeat.interval.ms=100', '--command-property', 'fetch.max.wait.ms=50'];
    const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--group', group, '--from-beginning', ...quick];
    const reader = tool(CONSUMER, args);
    return { seen: reader.lines, leave: () => reader.end() };
  },
};

describeReal('java', 'kafka')("Kafka's own clients", () => clientContract('the console producer and consumer', driver));
