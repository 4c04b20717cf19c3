// An engine is not needed to see that a command names what is not there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..', '..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

test('a replay in a container of its own finds the network, the files, the image and the program of the bridge', () => {
  const command = /^docker run .*$/m.exec(read('docs', 'dead-letters.md'))![0];
  const { bridge } = parse(read('demo', 'compose', 'compose.yaml'), { merge: true }).services;
  const mounted = bridge.volumes.map((volume: string) => volume.split(':')[1]);
  expect(command).toContain(`--network container:${bridge.container_name} `);
  expect(command).toContain(`--volumes-from ${bridge.container_name} `);
  expect(command).toContain(`{{.Config.Image}}' ${bridge.container_name})" dead-letters replay ${mounted[0]}`);
  expect(bridge.command[1]).toBe(mounted[0]);
  expect(bridge.image).toBeDefined();
  expect(bridge.entrypoint).toBeUndefined();
  expect(read('deploy', 'images', 'Dockerfile')).toContain('ENTRYPOINT ["node", "dist/cli/mkb.js"]');
});
