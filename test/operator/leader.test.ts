/** Two operators, as processes of their own, and what the API server's audit log says of who wrote what and when. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningKubernetes } from '../real/kubernetes.ts';
import { freePorts } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { ServerProcess } from '../real/server-process.ts';
import { until } from '../real/until.ts';
import { bridge, looks, operatorAccount, startCluster } from './support/stage.ts';

const program = fileURLToPath(new URL('./support/operator-process.ts', import.meta.url));

interface OperatorProcess {
  readonly process: ServerProcess;
  readonly url: string;
}

describeReal('kubernetes', 'kwok')('two operators', () => {
  let kubernetes: RunningKubernetes;
  let look: ReturnType<typeof looks>;
  const started: OperatorProcess[] = [];

  beforeAll(async () => {
    kubernetes = await startCluster();
    look = looks(kubernetes);
  });

  afterAll(async () => {
    await Promise.all(started.map(({ process }) => process.kill()));
    await kubernetes?.stop();
  });

  /** Starts one with credentials of its own, by which the audit log knows it. */
  const start = async (name: string): Promise<OperatorProcess> => {
    const subject = `--serviceaccount=default:${name}`;
    await kubernetes.kubectl(['create', 'clusterrolebinding', name, `--clusterrole=${operatorAccount}`, subject]);
    await kubernetes.kubectl(['create', 'rolebinding', name, `--role=${operatorAccount}-lease`, subject]);
    const kubeconfig = await kubernetes.kubeconfigFor(name);
    const [port] = await freePorts(1);
    const args = [program, kubeconfig, name, String(port)];
    const logFile = join(kubernetes.folder, `${name}.log`);
    const server = new ServerProcess({ name, command: process.execPath, args, logFile });
    const operator = { process: server, url: `http://127.0.0.1:${port}` };
    started.push(operator);
    await server.launch();
    await until(`${name} to be ready`, async () => (await fetch(`${operator.url}/readyz`)).ok);
    return operator;
  };

  const leads = async ({ url }: OperatorProcess) =>
    (await (await fetch(`${url}/metrics`)).text()).includes(
      'leader_election_master_status{name="mqtt-kafka-operator"} 1',
    );
  /** Everything that the operators have changed so far, in order; the Lease is how they agree who may. */
  const writes = async () =>
    (await kubernetes.audit()).filter(
      ({ verb, user, resource, code }) =>
        user.startsWith('system:serviceaccount:default:') &&
        ['create', 'update', 'patch', 'delete'].includes(verb) &&
        resource !== 'leases' &&
        code < 400,
    );
  const writesOf = async (name: string) => (await writes()).filter(({ user }) => user.endsWith(`:${name}`));
  const lease = async () => (await kubernetes.get('lease', 'mqtt-kafka-operator'))?.spec;

  it('never work at once, and one takes over within the lease when the other is killed', async () => {
    const first = await start('first');
    await until('the first to lead', () => leads(first));
    const second = await start('second');
    await kubernetes.apply(bridge('cars'));
    await look.reaches('cars', 'Ready', 'True');
    expect(await leads(second)).toBe(false);
    expect(await fetch(`${second.url}/metrics`).then(answer => answer.text())).not.toMatch(
      /mkb_operator_bridge_condition\{/,
    );

    const killedAt = Date.now();
    await first.process.kill('SIGKILL');
    await kubernetes.kubectl(['delete', 'service', 'cars-bridge']);
    await until('the second to lead', () => leads(second));
    // To the second it is proved with a clock of its own (runtime/leader-election.test.ts); here a machine may be slow.
    expect(Date.now() - killedAt).toBeLessThan(3 * 15_000);
    await until('the Service', () => kubernetes.get('service', 'cars-bridge'));
    expect((await lease()).leaseTransitions).toBe(1);

    // Neither has written anything while the other held the Lease.
    const who = (await writes()).map(({ user }) => user.split(':').at(-1));
    expect(who).toContain('second');
    expect(who.lastIndexOf('first')).toBeLessThan(who.indexOf('second'));
  });

  it('hand over at once when one is asked to stop', async () => {
    const [, second] = started;
    const third = await start('third');
    await second!.process.stop();
    expect(second!.process.ending).toBe(0);
    // It has given the Lease back: nobody waits until it is over.
    expect((await lease()).holderIdentity).not.toBe('second');
    await until('the third to lead', () => leads(third));
  });

  it('end when they were frozen for longer than the lease, and write nothing more', async () => {
    const third = started[2]!;
    const fourth = await start('fourth');
    third.process.pause();
    await until('the fourth to lead', () => leads(fourth));
    await kubernetes.kubectl(['delete', 'service', 'cars-bridge']);
    await until('the Service', () => kubernetes.get('service', 'cars-bridge'));
    const before = await writesOf('third');
    third.process.resume();
    await until('the third to end', () => third.process.ending !== undefined);
    expect(third.process.ending).toBe(1);
    expect(await writesOf('third')).toEqual(before);
  });
});
