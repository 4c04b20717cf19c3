// Who wanted to stop a bridge for an hour had to know replicas by heart, and what becomes of a session with none.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { stageForBridges } from '../operator/support/bridge-stage.ts';
import { startOperator } from '../operator/support/stage.ts';
import { describeReal } from '../real/require.ts';
import { mkb } from './mkb-process.ts';

const spec = (replicas: number, mqtt: object = {}) => ({
  mqtt: { url: 'mqtt://broker.example:1883', share: 's', ...mqtt },
  bridge: { replicas },
});

describeReal('kubernetes', 'kwok')('a bridge in a cluster', () => {
  const stage = stageForBridges();
  const { apply, pods, kubectl } = stage;
  const run = (...args: string[]) => mkb(args, { env: { KUBECONFIG: stage.kubernetes.kubeconfig } });
  const replicas = async (name: string) => (await stage.kubernetes.get('mkb', name))!.spec.bridge.replicas as number;
  const uids = async (name: string) => (await pods(name)).map(({ metadata }) => metadata.uid as string).sort();

  async function running(name: string, count = 2, mqtt: object = {}) {
    await apply(name, spec(count, mqtt));
    await stage.look.reaches(name, 'Ready', 'True');
  }

  it('is restarted, one replica after the other, and the command ends when all are connected again', async () => {
    await running('again');
    const before = await uids('again');
    const { code, stdout, stderr } = await run('restart', 'again');
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('default/again: restarting 2 replicas, one after the other');
    expect(lines.slice(1, 3).sort()).toEqual(['again-bridge-0 is ready', 'again-bridge-1 is ready']);
    expect(lines[3]).toBe('default/again: restarted');
    expect((await uids('again')).filter(uid => before.includes(uid))).toEqual([]);
  });

  it('is paused without its sessions being drained, and resumed as it was', async () => {
    await running('held', 3);
    const paused = await run('pause', 'held');
    expect(paused).toEqual({
      code: 0,
      stdout:
        'default/held: paused. The broker keeps messages of QoS 1 and 2 for 24h (mqtt.sessionExpiry), as far as its own limits go.\n',
      stderr: '',
    });
    expect(await pods('held')).toEqual([]);
    expect((await stage.look.reaches('held', 'Ready', 'True', 'ScaledToZero')).message).toMatch(/stopped/);
    expect((await stage.look.status('held')).sessions).toBe(3);
    expect(await kubectl('get', 'jobs', '-o', 'name')).not.toContain('held');
    expect((await run('pause', 'held')).stdout).toBe('default/held: is paused already\n');
    const restarted = await run('restart', 'held');
    expect([restarted.code, restarted.stderr]).toEqual([1, expect.stringContaining('[bridge-stopped]')]);
    const resumed = await run('resume', 'held');
    expect([resumed.code, resumed.stdout]).toEqual([0, 'default/held: runs with 3 replicas\n']);
    expect(await replicas('held')).toBe(3);
    const { annotations } = (await stage.kubernetes.get('mkb', 'held'))!.metadata;
    expect(Object.keys(annotations).filter(name => name.includes('pause'))).toEqual([]);
    expect((await run('resume', 'held')).stdout).toBe('default/held: is not paused\n');
  });

  // After a pause the document could not be applied any more: mkb still owned the number of replicas.
  it('is started by no server-side apply while it is paused, and is its own after it', async () => {
    const applied = (count: number) =>
      apply('owned', spec(count)).then(
        () => 'applied',
        (error: Error) => /conflict with "mkb"[^\n]*spec\.bridge\.replicas/.exec(error.message)?.[0] ?? error.message,
      );
    expect(await applied(2)).toBe('applied');
    await stage.look.reaches('owned', 'Ready', 'True');
    expect((await run('pause', 'owned')).code).toBe(0);
    expect(await applied(2)).toMatch(/^conflict/);
    expect(await replicas('owned')).toBe(0);
    expect((await run('resume', 'owned')).code).toBe(0);
    expect(await applied(1)).toBe('applied');
    expect(await replicas('owned')).toBe(1);
  });

  it('prints what the guide says', async () => {
    await running('my-vehicles');
    const guide = readFileSync('docs/install-kubernetes.md', 'utf8');
    const shown = [...guide.matchAll(/^\$ kubectl mkb ((?:restart|pause|resume) .*)\n((?:[^$`\n].*\n)+)/gm)];
    expect(shown.map(([, command]) => command!.split(' ')[0])).toEqual(['restart', 'pause', 'resume']);
    for (const [, command, text] of shown) {
      const { stdout } = await run(...command!.split(' '));
      // Which of two Pods is reported first, if both are ready at one look, is the order of their names.
      expect(stdout.split('\n').sort()).toEqual(text!.split('\n').sort());
    }
  });

  it('that somebody else has scaled to none is resumed with as many replicas as are named', async () => {
    await running('scaled', 1);
    await kubectl('scale', 'mkb/scaled', '--replicas=0');
    await stage.look.reaches('scaled', 'Ready', 'True', 'ScaledToZero');
    expect((await run('resume', 'scaled', '--replicas', '2')).code).toBe(0);
    expect(await replicas('scaled')).toBe(2);
  });

  it('whose broker would keep nothing is not paused, unless that is said', async () => {
    await running('forgetful', 1, { sessionExpiry: '0s' });
    const refused = await run('pause', 'forgetful');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/would lose messages.*\[bridge-keeps-nothing\]\n +remedy: /);
    expect(await replicas('forgetful')).toBe(1);
    expect((await run('pause', 'forgetful', '--force', '--no-wait')).code).toBe(0);
    expect(await replicas('forgetful')).toBe(0);
  });

  it('that the operator leaves alone, or that is not there, is not changed, and the command says why', async () => {
    await running('alone', 1);
    await kubectl('annotate', 'mkb', 'alone', 'mqttkafka.dev/paused=true');
    for (const command of ['pause', 'restart', 'resume']) {
      const { code, stdout, stderr } = await run(command, 'alone');
      expect([command, code, stdout]).toEqual([command, 1, '']);
      expect(stderr).toContain('[bridge-left-alone]');
    }
    expect(await replicas('alone')).toBe(1);
    for (const command of ['pause', 'restart', 'resume', 'logs']) {
      const { code, stderr } = await run(command, 'alonee');
      expect([command, code]).toEqual([command, 1]);
      expect(stderr).toContain('Did you mean alone?');
    }
  });

  it('that does not come up in time ends the command with what it waits for, and goes on', async () => {
    await running('slow', 1);
    await stage.operator.stop();
    try {
      const { code, stderr } = await run('restart', 'slow', '--timeout', '1s');
      expect([code, stderr]).toEqual([1, expect.stringMatching(/0 of 1 Pods are new and ready\. \[bridge-not-yet\]/)]);
    } finally {
      stage.operator = await startOperator(stage.kubernetes);
    }
  });
});
