import { describeReal } from '../../real/require.ts';
import { clientContract, compressions, type Driver } from './client-contract.ts';
import { CommandLine } from './command-line.ts';

const kcat = (...args: string[]): CommandLine => new CommandLine('kcat', args);

const driver: Driver = {
  compressions,

  async produce(bootstrap, topic, values, compression) {
    const args = ['-b', bootstrap, '-P', '-t', topic, '-K:', '-z', compression, '-X', 'enable.idempotence=true'];
    await new CommandLine(
      'kcat',
      args,
      values.map(value => `key:${value}`),
    ).finish();
  },

  async read(bootstrap, topic, count) {
    return await kcat('-b', bootstrap, '-C', '-t', topic, '-o', 'beginning', '-c', `${count}`, '-f', '%s\n').finish();
  },

  async join(bootstrap, topic, group) {
    const quick = ['-X', 'heartbeat.interval.ms=100', '-X', 'session.timeout.ms=6000', '-X', 'fetch.wait.max.ms=50'];
    const earliest = ['-X', 'auto.offset.reset=earliest'];
    const reader = kcat('-b', bootstrap, '-u', '-f', '%s\n', ...quick, ...earliest, '-G', group, topic);
    return { seen: reader.lines, leave: () => reader.end() };
  },
};

describeReal('kcat')('librdkafka', () => clientContract('kcat', driver));
