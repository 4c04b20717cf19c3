// A runbook's command with an option that the program does not have is found out by who was paged. Each is run here with the program that it names: Kafka's
// own against a Kafka, kubectl against a cluster with the bridge and the operator in it, and of docker its options are looked up.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bridge, looks, startCluster, startOperator } from '../operator/support/stage.ts';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import type { RunningKubernetes } from '../real/kubernetes.ts';
import { kubernetesProgram } from '../real/kubernetes-programs.ts';
import { describeReal } from '../real/require.ts';
import { kafkaClassPath } from '../real/systems.ts';
import { root } from './support/committed.ts';

const folder = join(root, 'docs', 'runbooks');
/** Indented lines, each once; one that ends with a backslash goes on in the next. */
const lines = [
  ...new Set(
    readdirSync(folder).flatMap(file =>
      [
        ...readFileSync(join(folder, file), 'utf8')
          .replace(/\\\n\s*/g, '')
          .matchAll(/^ {4,}(\S.*)$/gm),
      ].map(([, line]) => line!),
    ),
  ),
];
const beginningWith = (start: string) => lines.filter(line => line.startsWith(start));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function ran(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  try {
    return { code: 0, ...(await promisify(execFile)(command, args, { env, timeout: 120_000 })) };
  } catch (error) {
    const { code, stdout, stderr } = error as Ran;
    return { code, stdout, stderr };
  }
}

test('there are commands of each kind', () => {
  for (const program of ['docker exec kafka ', 'docker exec prometheus promtool ', 'kubectl ', 'docker logs ']) {
    expect(beginningWith(program).length, program).toBeGreaterThan(3);
  }
});

/** What Kafka's scripts run. */
const kafkaClasses: Readonly<Record<string, string>> = {
  'kafka-console-consumer.sh': 'consumer.ConsoleConsumer',
  'kafka-topics.sh': 'TopicCommand',
  'kafka-broker-api-versions.sh': 'BrokerApiVersionsCommand',
  'kafka-consumer-groups.sh': 'consumer.group.ConsumerGroupCommand',
  'kafka-leader-election.sh': 'LeaderElectionCommand',
};

describeReal('kafka')('what is run in the container kafka', () => {
  let kafka: RunningKafka;

  beforeAll(async () => {
    kafka = await startKafka();
    for (const topic of ['my-vehicles', 'my-vehicles-dead']) {
      await kafka.createTopic(topic, { partitions: 1 });
      const producer = kafka.client().producer();
      await producer.connect();
      const messages = Array.from({ length: 10 }, () => ({ key: 'k', value: 'v' }));
      await producer.send({ topic, messages });
      await producer.disconnect();
    }
    const admin = kafka.client().admin();
    await admin.connect();
    // The names of the pages: the bridge's group, and the one of which the reader puts in the name.
    for (const groupId of ['my-vehicles', 'GROUP']) {
      await admin.setOffsets({ groupId, topic: 'my-vehicles', partitions: [{ partition: 0, offset: '1' }] });
    }
    await admin.disconnect();
  }, 120_000);
  afterAll(() => kafka?.stop());

  test.each(beginningWith('docker exec kafka '))('%s', { timeout: 150_000 }, async line => {
    const [script, ...args] = line.split(' ').slice(3);
    const own = args.map(each => each.replace('localhost:9092', kafka.bootstrap));
    const java = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', kafkaClassPath()!];
    const { code, stdout, stderr } = await ran('java', [
      ...java,
      `org.apache.kafka.tools.${kafkaClasses[script!]}`,
      ...own,
    ]);
    expect(code, stdout + stderr).toBe(0);
  });
});

/**
 * What `emqx ctl` of EMQX 5.8 to 6 prints as its usage (apps/emqx_management/src/emqx_mgmt_cli.erl), and `mqttx sub --help` of MQTTX 1: neither can be had here. A
 * name in angle brackets is any one word.
 */
const usages: Readonly<Record<string, readonly string[]>> = {
  emqx: [
    'ctl status',
    'ctl clients list',
    'ctl clients show <ClientId>',
    'ctl clients kick <ClientId>',
    'ctl cluster status',
    'ctl cluster status --json',
    'ctl cluster join <Node>',
    'ctl cluster leave',
    'ctl cluster force-leave <Node>',
  ],
  mqttx: ['sub -h <Host> -t <Topic>', 'sub -h <Host> -p <Port> -t <Topic>'],
};

/** The arguments of each of these programs in a container, whatever runs it there. */
const programArguments = (program: string): string[] =>
  lines.flatMap(
    line => new RegExp(`(?:docker exec|kubectl .*exec) .*\\b${program} ((?:ctl|sub) .*)$`).exec(line)?.[1] ?? [],
  );

const fits = (usage: string, words: readonly string[]): boolean => {
  const expected = usage.split(' ');
  return expected.length === words.length && expected.every((each, at) => each.startsWith('<') || each === words[at]);
};

test.each(Object.keys(usages))('%s is asked for nothing that it does not know', program => {
  const asked = programArguments(program);
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter(args => !usages[program]!.some(usage => fits(usage, args.split(' '))))).toEqual([]);
});

describeReal('kubernetes', 'kwok')('what kubectl is asked', () => {
  let kubernetes: RunningKubernetes;

  beforeAll(async () => {
    kubernetes = await startCluster();
    const operator = await startOperator(kubernetes);
    try {
      await kubernetes.apply(bridge('my-vehicles', { mqtt: { broker: { kind: 'emqx' } } }));
      await looks(kubernetes).reaches('my-vehicles', 'Ready', 'True');
    } finally {
      await operator.stop();
    }
    await kubernetes.kubectl([
      'apply',
      '--server-side',
      '--force-conflicts',
      '-f',
      join(root, 'deploy', 'install.yaml'),
    ]);
  }, 240_000);
  afterAll(() => kubernetes?.stop());

  test.each(beginningWith('kubectl '))('%s', { timeout: 150_000 }, async line => {
    const env = {
      ...process.env,
      PATH: [dirname(kubernetesProgram('kubectl')), process.env.PATH].join(':'),
      KUBECONFIG: kubernetes.kubeconfig,
      // It is looked at, and not changed.
      KUBE_EDITOR: 'true',
    };
    const { code, stdout, stderr } = await ran('bash', ['-c', line], env);
    // The node is a fake: it is asked for logs, and that is far enough. A grep that finds nothing ends with 1, and a cluster without an operator at work has no Lease.
    const asFarAs =
      /dial tcp|connection refused|no preferred addresses found|leases\.coordination\.k8s\.io "mqtt-kafka-operator" not found/;
    if (asFarAs.test(stderr)) return;
    expect(
      stderr.replace(/^(No resources found.*|Edit cancelled.*|Defaulted container .*)$/gm, '').trim(),
      stdout,
    ).toBe('');
    if (!line.includes('| grep')) expect(code).toBe(0);
  });
});

describeReal('engine')('what docker is asked', () => {
  const known = new Map<string, Promise<string>>();
  const helpOf = (verb: string) => {
    const help = known.get(verb) ?? ran('docker', [verb, '--help']).then(({ stdout }) => stdout);
    known.set(verb, help);
    return help;
  };

  test.each(lines.filter(line => /^docker (?!exec )/.test(line)))('%s', async line => {
    const [verb, ...words] = line
      .replace(/ [|>2].*$/, '')
      .split(' ')
      .slice(1);
    const help = await helpOf(verb!);
    expect(help).toContain(`Usage:  docker ${verb}`);
    for (const word of words.filter(each => each.startsWith('--'))) expect(help).toMatch(new RegExp(`${word}\\b`));
  });
});
