import { describe, expect, it } from 'vitest';
import { crashOf, lastLine, type PodStatus, troubleOf } from '../../../operator/observed/pod-trouble.ts';

const container = (state: object, lastState: object = {}, restartCount = 0): PodStatus => ({
  containerStatuses: [{ name: 'bridge', state, lastState, restartCount }],
});
const waiting = (reason: string, message?: string) => ({ waiting: { reason, ...(message && { message }) } });
const ended = (exitCode: number, reason: string, message = '') => ({ terminated: { exitCode, reason, message } });
const runs = { running: { startedAt: '2026-01-01T00:00:00Z' } };

// A bridge that crashed was in CrashLoopBackOff, and nothing else was known of it.
describe('the trouble of a Pod', () => {
  it.each<[string, PodStatus, string | undefined, string]>([
    ['none', container(waiting('ContainerCreating')), undefined, ''],
    ['none yet', container(waiting('PodInitializing')), undefined, ''],
    ['none that runs', container(runs), undefined, ''],
    [
      'none of an init container that has done its work',
      { initContainerStatuses: [{ name: 'init', state: ended(0, 'Completed') }] },
      undefined,
      '',
    ],
    [
      'its image',
      container(waiting('ImagePullBackOff', 'Back-off pulling image "a"')),
      'ImagePullBackOff',
      'Back-off pulling image "a"',
    ],
    [
      'a key of a Secret',
      container(waiting('CreateContainerConfigError', `couldn't find key password in Secret default/mqtt`)),
      'CreateContainerConfigError',
      'key password in Secret default/mqtt',
    ],
    [
      'how it ends, and what it said last',
      container(waiting('CrashLoopBackOff'), ended(78, 'Error', 'starting\nerror: no such topic [a]\n'), 4),
      'CrashLoopBackOff',
      'ended with exit code 78 (restarted 4 times): error: no such topic [a]',
    ],
    [
      'the same while it runs again and is not ready',
      container(runs, ended(1, 'Error', 'error: no\n'), 1),
      'CrashLoopBackOff',
      'exit code 1 (restarted 1 time): error: no',
    ],
    ['the end of a Job', container(ended(1, 'Error', 'error: no')), 'CrashLoopBackOff', 'exit code 1: error: no'],
    ['its memory', container(waiting('CrashLoopBackOff'), ended(137, 'OOMKilled'), 2), 'OOMKilled', 'more memory'],
    [
      'an end without an error, again and again',
      container(waiting('CrashLoopBackOff'), ended(0, 'Completed'), 2),
      'CrashLoopBackOff',
      'exit code 0',
    ],
    [
      'that no node takes it',
      {
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' },
        ],
      },
      'Unschedulable',
      '0/3 nodes',
    ],
    [
      'that it was evicted',
      { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory' },
      'Evicted',
      'low on resource',
    ],
    ['a reason that Kubernetes will have some day', container(waiting('BrandNew', 'what')), 'BrandNew', 'what'],
  ])('is %s', (_, status, reason, message) => {
    const trouble = troubleOf(status);
    expect(trouble?.reason).toBe(reason);
    expect(trouble?.message ?? '').toContain(message);
  });

  it('is remembered of one that is ready between two ends', () => {
    expect(crashOf(container(runs, ended(137, 'OOMKilled'), 5))).toMatchObject({
      reason: 'OOMKilled',
      restarts: 5,
      runsSince: '2026-01-01T00:00:00Z',
    });
    expect(crashOf(container(runs))).toBeUndefined();
  });
});

describe('what a program said last', () => {
  it.each([
    ['error: no such topic\n', 'error: no such topic'],
    ['Error: listen EADDRINUSE\n    at Server.listen (a.js:1)\n\nNode.js v24.11.0\n', 'Error: listen EADDRINUSE'],
    ['{"level":60,"msg":"cannot start","err":{"message":"no disk"}}', 'cannot start: no disk'],
    ['ts=1 level=info msg=ok\nts=2 level=error err="no config"\n', 'ts=2 level=error err="no config"'],
    ['fine\n', 'fine'],
    ['', ''],
    ['{"broken', '{"broken'],
    ['[1]', '[1]'],
    ['null', 'null'],
  ])('of %j is %j', (text, line) => {
    expect(lastLine(text)).toBe(line);
  });

  it('is cut short', () => {
    expect(lastLine('x'.repeat(5000))).toHaveLength(400);
  });
});
