import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { mkb } from './mkb-process.ts';

/** In the order of --help. */
const commands = [
  ...[
    'run',
    'doctor',
    'verify',
    'report',
    'drain',
    'validate',
    'eval',
    'repl',
    'test',
    'explain',
    'init',
    'fmt',
    'convert',
    'graph',
    'asyncapi',
    'functions',
    'buffer',
  ],
  ...[
    'dead-letters',
    'passwd',
    'schema',
    'config',
    'simulate',
    'demo',
    'exporter',
    'operator',
    'render',
    'tap',
    'top',
    'status',
    'logs',
    'restart',
    'pause',
    'resume',
    'completion',
  ],
];
/** Those that only hold others. */
const groups = ['config', 'render'];

describe('help', () => {
  it('names every command', async () => {
    const { code, stdout, stderr } = await mkb(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const name of commands) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  it('names no command that is not tested here', async () => {
    const { stdout } = await mkb(['--help']);
    const named = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)(?: |$)(?=.* {2})/gm)].map(([, name]) => name!);
    expect(named.filter(name => name !== 'help')).toEqual(commands);
  });

  it.each([
    ...commands.filter(name => !groups.includes(name)),
    'config print',
    'dead-letters list',
    'dead-letters show',
    'dead-letters replay',
    'dead-letters drop',
    'render k8s',
  ])('of %s has examples', async command => {
    const { code, stdout } = await mkb([...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Examples:\n  mkb ${command.split(' ')[0]}`);
  });

  it('is given on stderr when no command is', async () => {
    const { code, stdout, stderr } = await mkb([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: mkb');
  });
});

it('--version prints the version of the package', async () => {
  expect(await mkb(['--version'])).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
});

describe('a mistyped name', () => {
  it.each([
    [['valdate', 'a.yaml'], "error: unknown command 'valdate'\n(Did you mean validate?)\n"],
    [['validate', '--jsn', 'a.yaml'], "error: unknown option '--jsn'\n(Did you mean --json?)\n"],
    [['config', 'prnt', 'a.yaml'], "error: unknown command 'prnt'\n(Did you mean print?)\n"],
    [['validate'], "error: missing required argument 'file'\n"],
    [
      ['schema', 'MqttUser', 'extra'],
      "error: too many arguments for 'schema'. Expected 1 argument but got 2: MqttUser, extra.\n",
    ],
    [
      ['schema', 'extra'],
      "error: command-argument value 'extra' is invalid for argument 'kind'. Allowed choices are MqttKafkaBridge, MqttUser.\n",
    ],
  ])('%j is told, with exit code 2', async (args, stderr) => {
    expect(await mkb(args)).toEqual({ code: 2, stdout: '', stderr });
  });
});
