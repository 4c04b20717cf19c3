/** The image of deploy/images, built for real, on a stand-in for the image of Node where none can be had. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningEngine, startEngine } from '../compose/engine.ts';
import { demoVariables } from '../compose/stack.ts';
import { buildStandIns } from '../compose/stand-ins.ts';
import { describeReal } from '../real/require.ts';

const minute = 60_000;
const image = 'mkb:image-test';
/** What deploy/ gives to a Pod, and no more. */
const locked = ['--rm', '--network', 'none', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];

describeReal(
  'engine',
  'kafka',
  'mosquitto',
  'prometheus',
)('the image', () => {
  let engine: RunningEngine;
  const mkb = async (...args: string[]) => (await engine.docker(['run', ...locked, image, ...args])).stdout;
  const node = async (program: string) =>
    (await engine.docker(['run', ...locked, '--entrypoint', 'node', image, '-p', program])).stdout.trim();

  beforeAll(async () => {
    engine = await startEngine();
    const names = demoVariables();
    await buildStandIns(engine, names);
    const file = ['-f', 'deploy/images/Dockerfile', '--build-arg', `NODE_IMAGE=${names.NODE_IMAGE}`];
    await engine.docker(['build', '--network', 'host', ...file, '-t', image, '.'], { timeoutMs: 8 * minute });
  }, 12 * minute);
  afterAll(() => engine?.stop(), minute);

  it('is smaller than 200 MB', async () => {
    const { stdout } = await engine.docker(['image', 'inspect', '--format', '{{.Size}}', image]);
    expect(Number(stdout)).toBeLessThan(200e6);
  });

  it(
    'runs every command as nobody special, unable to write, without capabilities or a network',
    async () => {
      const commands = (await mkb('--help')).match(/^ {2}[a-z][a-z-]*(?=.* {2})/gm)!.map(line => line.trim());
      for (const command of commands) expect(await mkb(command, '--help')).toContain('Usage: mkb');
      expect(await node('process.getuid()')).toBe('1000');
    },
    2 * minute,
  );

  it('has what rules and records are made with: jq in a thread, regular expressions, the fast checksum', async () => {
    const eval_ = ['eval', `SELECT jq('.a + 1', payload) as jq, regex_match(topic, '^c') as re FROM "#"`];
    expect(await mkb(...eval_, '--topic', 'cars', '--payload', '{"a": 1}')).toMatch(
      /"jq":\s*\[\s*2\s*\],\s*"re":\s*true/,
    );
    expect(await node(`typeof require('@node-rs/crc32').crc32c`)).toBe('function');
  });

  it('has what is used of the client of Kubernetes', async () => {
    expect(
      await node(
        `import('/app/dist/cli/kubernetes-client.js').then(({KubeConfig}) => console.log(typeof KubeConfig)), 0`,
      ),
    ).toContain('function');
  });

  it('resolves names, and knows who it is', async () => {
    expect(await node(`require('os').userInfo().username`)).toBe('node');
    expect(
      await node(`require('dns').lookup('localhost', (error, address) => console.log(error ?? address)), 0`),
    ).toMatch(/127\.0\.0\.1|::1/);
  });

  it('has no shell and no package manager', async () => {
    for (const name of ['sh', 'npm', 'apt-get']) {
      await expect(engine.docker(['run', ...locked, '--entrypoint', name, image])).rejects.toThrow(
        /not found|no such file/,
      );
    }
  });
});
