/** Compose itself reads the demo's files, in every combination. It needs no engine for that. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeReal } from '../real/require.ts';
import { docker } from './engine.ts';
import { composeFolder } from './stack.ts';

const overrides = ['compose.mosquitto.yaml', 'compose.tls.yaml'];
const profiles = ['load', 'chaos'];

/** Every subset, in order: bit i of the number says whether name i is in it. */
const subsets = (names: readonly string[]): string[][] =>
  Array.from({ length: 2 ** names.length }, (_, bits) => names.filter((_name, index) => bits & (1 << index)));

const combinations = [...subsets(overrides), [...overrides].reverse()].flatMap(files =>
  subsets(profiles).map(chosen => ({
    files,
    chosen,
    title: [...files, ...chosen].join(' + ') || 'compose.yaml alone',
  })),
);

async function config(files: readonly string[], chosen: readonly string[], ...args: string[]) {
  const all = ['compose.yaml', ...files].flatMap(file => ['-f', join(composeFolder, file)]);
  const { stdout, stderr } = await docker(
    ['compose', ...all, ...chosen.flatMap(name => ['--profile', name]), 'config', ...args],
    { cwd: composeFolder },
  );
  return { lines: stdout.trim().split('\n'), stderr };
}

describeReal('compose')('docker compose config', () => {
  it.each(combinations)('is clean for $title', async ({ files, chosen }) => {
    const { lines, stderr } = await config(files, chosen, '--services');
    expect(stderr).toBe('');
    const broker = files.includes('compose.mosquitto.yaml') ? 'mosquitto' : 'emqx';
    const usual = ['secrets', 'kafka', 'bridge', 'simulator', 'mqttx', 'exporter', 'prometheus', 'grafana'];
    expect(lines.toSorted()).toEqual([...usual, broker, ...chosen].toSorted());
  });

  it.each(
    subsets(profiles),
  )('has no broker, and MQTT at the bridge, with compose.listen.yaml %s %s', async (...chosen) => {
    const { lines, stderr } = await config(['compose.listen.yaml'], chosen, '--format', 'json');
    expect(stderr).toBe('');
    const { services } = JSON.parse(lines.join('\n'));
    const usual = ['secrets', 'kafka', 'bridge', 'simulator', 'mqttx', 'exporter', 'prometheus', 'grafana'];
    expect(Object.keys(services).toSorted()).toEqual([...usual, ...chosen].toSorted());
    const { ports, networks, volumes } = services.bridge;
    expect(ports.map(({ target }: { target: number }) => target).toSorted()).toEqual([1883, 9400]);
    expect(networks.default.aliases).toEqual(['mqtt']);
    expect(volumes.map(({ source }: { source: string }) => source)).toEqual([
      join(composeFolder, 'my-vehicles.listen.yaml'),
    ]);
  });

  it('has no port without TLS open to MQTT when TLS is asked for', async () => {
    for (const files of [['compose.tls.yaml'], overrides]) {
      const { lines } = await config(files, [], '--format', 'json');
      const { services } = JSON.parse(lines.join('\n'));
      const ports = Object.values(services).flatMap(
        service => (service as { ports?: { target: number }[] }).ports ?? [],
      );
      const targets = ports.map(({ target }) => target);
      expect(targets).toContain(8883);
      expect(targets).not.toContain(1883);
    }
  });
});
