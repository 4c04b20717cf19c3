/**
 * What `guarantee: exactlyOnce` costs: a backlog of records is copied from Kafka to Kafka with either guarantee.
 *
 *     node bench/exactly-once.ts [--records 300000]
 *
 * Kafka is real, one broker. CPU is that of the bridge's process alone, its start included.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { producerFor } from '../test/bridge/kafka/support/producing.ts';
import { lag } from '../test/faults/record-run.ts';
import { startWorld } from '../test/faults/world.ts';
import { freePort } from '../test/real/ports.ts';
import { until } from '../test/real/until.ts';
import { MkbProcess } from '../test/support/bridge-process.ts';

const { values } = parseArgs({ options: { records: { type: 'string', default: '300000' } } });
const count = Number(values.records);
const value = 'x'.repeat(285);
const group = 1000;

/** Seconds of CPU that a process has used. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const world = await startWorld();
try {
  for (const guarantee of ['atLeastOnce', 'exactlyOnce']) {
    const run = await world.newRun();
    await world.kafka.createTopic(`${run.topic}-out`);
    const producer = await producerFor(world.kafka.bootstrap);
    for (let at = 0; at < count; at += group)
      await producer.deliver(
        run.topic,
        Array.from({ length: group }, (_, number) => ({ key: `k${number % 64}`, value })),
      );
    producer.close();
    const sink = { kafka: { topic: `${run.topic}-out`, key: '${key}', value: '${value}' } };
    const bridge = new MkbProcess(
      {
        apiVersion: 'mqttkafka.dev/v1alpha1',
        kind: 'MqttKafkaBridge',
        metadata: { name: run.topic },
        spec: {
          mqtt: { url: 'mqtt://127.0.0.1:1' },
          kafka: { bootstrapServers: [run.bootstrap], consumer: { offsetReset: 'earliest' } },
          rules: [{ name: 'carry', sql: `SELECT * FROM "$kafka/${run.topic}"`, sinks: [sink] }],
          delivery: { guarantee },
        },
      },
      await freePort(),
    );
    await bridge.start();
    const began = performance.now();
    const before = cpuOf(bridge.pid);
    await until('all offsets', async () => (await lag(world, run)) === 0n, { timeoutMs: 300_000, everyMs: 50 });
    const seconds = (performance.now() - began) / 1000;
    const cpu = cpuOf(bridge.pid) - before;
    const perRecord = ((cpu / count) * 1e6).toFixed(1);
    console.log(`${guarantee}: ${Math.round(count / seconds)} records/s, ${perRecord} us of CPU a record`);
    await bridge.remove();
  }
} finally {
  await world.stop();
}
