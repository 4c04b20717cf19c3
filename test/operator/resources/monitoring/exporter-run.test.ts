/** What the Pod of the exporter would run, run here, beside the Mosquitto of the same bridge: each finds what it needs of the other. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { desiredObjects } from '../../../../operator/resources/desired-objects.ts';
import { removeFolder, temporaryFolder } from '../../../real/cleanup.ts';
import { program } from '../../../real/install.ts';
import { type RunningKafka, startKafka } from '../../../real/kafka.ts';
import { freePorts } from '../../../real/ports.ts';
import { describeReal } from '../../../real/require.ts';
import { ServerProcess } from '../../../real/server-process.ts';
import { until } from '../../../real/until.ts';
import { objectOf, pipelineOf } from '../../support/pipelines.ts';
import { MountedPod } from '../broker/mounts.ts';

describeReal('kafka', 'mosquitto')('the exporter of a bridge with a Mosquitto', () => {
  const folder = temporaryFolder('exporter-of-a-bridge');
  const stops: (() => unknown)[] = [() => removeFolder(folder)];
  let kafka: RunningKafka;
  let url: string;
  let exporter: ServerProcess;

  beforeAll(async () => {
    kafka = await startKafka();
    stops.push(() => kafka.stop());
    await kafka.createTopic('cars', { partitions: 2 });
    await kafka.createTopic('somebody-else');
    const objects = desiredObjects(
      pipelineOf({
        mqtt: { broker: { kind: 'mosquitto' } },
        kafka: { bootstrapServers: kafka.bootstrap.split(',') },
        monitoring: { exporter: {} },
      }),
    );
    const [mqttPort, httpPort] = (await freePorts(2)) as [number, number];
    const launch = async (name: string, command: string, args: readonly string[]) => {
      const process_ = new ServerProcess({ name, command, args, logFile: join(folder, `${name}.log`) });
      await process_.launch();
      stops.push(() => process_.kill());
      return process_;
    };

    const broker = new MountedPod(join(folder, 'broker'), objects, objectOf(objects, 'StatefulSet', 'cars-broker'));
    const [command, ...args] = broker.command('passwords');
    expect(spawnSync(command, args, { env: { PATH: process.env.PATH } }).status).toBe(0);
    const config = readFileSync(broker.path('/etc/mkb/mosquitto.conf'), 'utf8');
    const configHere = join(folder, 'mosquitto.conf');
    const listener = `listener ${mqttPort} 127.0.0.1`;
    writeFileSync(configHere, `user ${userInfo().username}\n${config.replace('listener 1883', listener)}`);
    await launch('mosquitto', program('mosquitto')!, ['-c', configHere]);

    const { spec } = objectOf(objects, 'Deployment', 'cars-exporter').spec.template;
    const workload = { spec: { template: { spec: { initContainers: [], ...spec } } } };
    const pod = new MountedPod(join(folder, 'exporter'), objects, workload as never);
    const document = pod.path('/etc/mkb/exporter.yaml');
    const watched = readFileSync(document, 'utf8');
    writeFileSync(document, watched.replace('cars-broker:1883', `127.0.0.1:${mqttPort}`));
    const argsHere = spec.containers[0].args.map((each: string) =>
      pod.translate(each).replace('0.0.0.0:9401', `127.0.0.1:${httpPort}`),
    );
    url = `http://127.0.0.1:${httpPort}`;
    exporter = await launch('exporter', process.execPath, ['cli/mkb.ts', ...argsHere]);
  });
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  const page = async () => (await fetch(`${url}/metrics`)).text();
  /** Waits for a line of the metrics. */
  const shows = (line: RegExp) =>
    until(`${line}`, async () => line.test(await page())).catch(error => {
      throw new Error(`${error.message}\n${exporter.log()}`, { cause: error });
    });

  it('gets in, sends itself a message, and reads what Mosquitto says of itself', async () => {
    await shows(/^mqtt_broker_up\{target="cars"\} 1$/m);
    await shows(/^mqtt_probe_success\{target="cars"\} 1$/m);
    await shows(/^mqtt_broker_connections\{target="cars",node=""\} [1-9]/m);
  });

  it('shows the topics of the bridge, and no others', async () => {
    await shows(/^kafka_topic_partition_end_offset\{target="cars",topic="cars",partition="1"\} 0$/m);
    expect(await page()).not.toContain('somebody-else');
  });

  it('is ready by then, as its probe asks', async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });
});
