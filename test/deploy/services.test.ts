/** What docs/services.md and the unit of systemd promise, against what the program does. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { completeDocument } from '../../api/complete.ts';
import { durationMs } from '../../api/units.ts';
import { exitCodes } from '../../cli/exit-codes.ts';
import { mkb } from '../cli/mkb-process.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const unit = read('deploy/systemd/mkb@.service');
const page = read('docs/services.md');

const shutdownMs = durationMs(
  completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: 'mqtt://localhost' },
      kafka: { bootstrapServers: ['localhost:9092'] },
      rules: [{ name: 'r', sql: 'SELECT payload FROM "#"', sinks: [{ kafka: { topic: 't' } }] }],
    },
  }).spec.delivery.shutdownTimeout,
);

/** All values that a key of the unit has, in order. */
const valuesOf = (key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value!);

describe('the unit of systemd', () => {
  // A supervisor that kills earlier leaves messages unacknowledged, and they come twice.
  test('waits longer than a bridge may take to end', () => {
    expect(Number(valuesOf('TimeoutStopSec')[0]) * 1000).toBeGreaterThan(shutdownMs);
  });

  test('does not start again what is configured wrongly', () => {
    expect(valuesOf('RestartPreventExitStatus')).toEqual([`${exitCodes.usage} ${exitCodes.configuration}`]);
  });

  test('reloads by the signal that reads the document again', () => {
    expect(valuesOf('ExecReload')).toEqual(['/usr/bin/kill -HUP $MAINPID']);
  });

  test('lets the program make machine code, and gives it nothing else', () => {
    expect(valuesOf('MemoryDenyWriteExecute')).toEqual([]);
    expect(valuesOf('CapabilityBoundingSet')).toEqual(['']);
    expect(valuesOf('DynamicUser')).toEqual(['yes']);
  });
});

describe('the page', () => {
  test('has each supervisor wait longer than a bridge may take to end', () => {
    const seconds = [...page.matchAll(/--stop-timeout (\d+)|kill_timeout = "(\d+)s"/g)].map(([, a, b]) =>
      Number(a ?? b),
    );
    expect(seconds).toHaveLength(2);
    for (const each of seconds) expect(each * 1000).toBeGreaterThan(shutdownMs);
  });

  test('names options that there are', async () => {
    const { stdout } = await mkb(['run', '--help']);
    const ours = new Set([...page.matchAll(/--(?:http|secrets-dir|watch|ordinal)\b/g)].map(([option]) => option));
    expect(ours.size).toBe(4);
    for (const option of ours) expect(stdout).toContain(option);
  });

  test('names variables as the document of the unit reads them', () => {
    const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(page)!;
    const name: string = parse(yaml!).spec.mqtt.auth.password.valueFrom.env;
    expect(page).toContain(`${name}=`);
    expect(valuesOf('EnvironmentFile')).toEqual(['-/etc/mkb/%i.env']);
  });
});
