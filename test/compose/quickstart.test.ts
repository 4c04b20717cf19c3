/** The commands of docs/quickstart.md name what is there. up.test.ts runs what they promise. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { composeFolder, demoVariables } from './stack.ts';

const docs = join(import.meta.dirname, '../../docs');
const text = readFileSync(join(docs, 'quickstart.md'), 'utf8');
const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(match => match[1]!.trim().split('\n'));

const { services } = parse(readFileSync(join(composeFolder, 'compose.yaml'), 'utf8'), { merge: true });
const profiles = Object.values(services).flatMap(service => (service as { profiles?: string[] }).profiles ?? []);
const options = (command: string, name: string) =>
  [...command.matchAll(new RegExp(`(?<= )${name} (\\S+)`, 'g'))].map(match => match[1]!);

describe('docs/quickstart.md', () => {
  it.each(commands.filter(command => command.includes('docker compose ')))('%s', command => {
    for (const file of options(command, '-f')) expect(existsSync(join(composeFolder, file)), file).toBe(true);
    for (const profile of options(command, '--profile')) expect(profiles).toContain(profile);
    for (const [, name] of command.matchAll(/\b([A-Z_]+)=/g)) expect(demoVariables()).toHaveProperty(name!);
    const last = command.split(' ').at(-1)!;
    if (/^[a-z]+$/.test(last) && !['ps', 'stop', 'down', 'build'].includes(last)) expect(services).toHaveProperty(last);
  });

  it.each(commands.filter(command => /docker (exec|logs|kill|start) /.test(command)))('%s', command => {
    const words = command.split(' ').filter(word => !word.startsWith('-') && !/^\d+$/.test(word));
    expect(Object.values(services).map(service => (service as { container_name: string }).container_name)).toContain(
      words[2],
    );
  });

  it('gives the ports and the topic that the demo has', () => {
    const { MQTT_PORT, KAFKA_PORT, GRAFANA_PORT, PROMETHEUS_PORT, BRIDGE_PORT, EMQX_DASHBOARD_PORT } = demoVariables();
    for (const port of [MQTT_PORT, KAFKA_PORT, GRAFANA_PORT, PROMETHEUS_PORT, BRIDGE_PORT, EMQX_DASHBOARD_PORT]) {
      expect(text).toContain(`localhost:${port}`);
    }
    expect(readFileSync(join(composeFolder, 'my-vehicles.yaml'), 'utf8')).toContain('name: my-vehicles,');
  });

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(match => match[1]!);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter(link => !existsSync(join(docs, link)))).toEqual([]);
  });
});
