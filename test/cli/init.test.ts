import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { afterEach, describe, expect, it } from 'vitest';
import { loadText } from '../../api/load.ts';
import { hasErrors } from '../../api/problems.ts';
import { checksFor } from '../../cli/documents.ts';
import { documentText } from '../../cli/init-document.ts';
import { propose } from '../../cli/init-proposal.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { mkb, mkbFile } from './mkb-process.ts';

const answers = { name: 'cars', mqtt: 'mqtt://localhost:1883', from: '#', kafka: 'a:9092, b:9092', to: 'cars' };
const sample = (topic: string, ...payloads: (string | Buffer)[]) => ({
  topic,
  count: payloads.length,
  payloads: payloads.map(each => Buffer.from(each)),
});
const loaded = (text: string) => {
  const { documents, problems } = loadText(text, 'init', { checks: checksFor('process') });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return documents[0]!.document;
};

describe('from topics that were seen to a rule', () => {
  it.each([
    ['fleet/vehicles/1/state fleet/vehicles/2/state', 'fleet/vehicles/{vehicle}/state', '${vehicle}'],
    ['a/1/x/9 a/1/x/8 a/1/x/7', 'a/1/x/{x_id}', '${x_id}'],
    ['home/kitchen/temp home/hall/temp home/hall/light', 'home/{home_id}/{level3}', '${home_id}'],
    ['one/topic', 'one/topic', '${topic}'],
    ['payloads/1 payloads/2', 'payloads/{payloads_id}', '${payloads_id}'],
    ['ids/1 ids/2', 'ids/{ids_id}', '${ids_id}'],
    ['true/1 true/2', 'true/{true_id}', '${true_id}'],
    ['a//c', 'a/{a_id}/c', '${topic}'],
    ['k"ey/{x}', '{level1}/{level2}', '${topic}'],
    ['devices/a/devices/b devices/c/devices/d', 'devices/{device}/devices/{device2}', '${device}'],
  ])('%s', (topics, filter, key) => {
    const [proposal] = propose(topics.split(' ').map(topic => sample(topic, '{}')));
    expect(proposal).toMatchObject({ filter, key });
    expect(
      loaded(documentText(answers, propose(topics.split(' ').map(each => sample(each))), 'seen')).spec.rules,
    ).toHaveLength(1);
  });

  it('has one for each kind, those with the most messages first, and none for what the server says of itself', () => {
    const seen = [sample('a/1', '1'), sample('b/1/x', '1', '2'), sample('b/2/x', '1'), sample('$SYS/uptime', '1', '2')];
    expect(propose(seen).map(({ name, filter, messages }) => [name, filter, messages])).toEqual([
      ['b-x', 'b/{b_id}/x', 3],
      ['a-1', 'a/1', 1],
    ]);
  });

  it('has few where each device has a first level of its own', () => {
    const seen = Array.from({ length: 500 }, (_, index) => sample(`device${index}/state`, '{}'));
    expect(propose(seen)).toMatchObject([{ filter: '{level1}/state', key: '${level1}', topics: 500 }]);
  });

  it('says what payloads are, whatever their fields are called', () => {
    const seen = [
      sample('a', '{"speed": 1.5, "vin": "x", "a\\nb: c": null}', '{"speed": null}'),
      sample('b', Buffer.from([0xff, 0]), 'text'),
    ];
    const proposals = propose(seen);
    expect(proposals.map(({ payload }) => payload)).toEqual(['JSON', 'bytes or text']);
    expect(proposals[0]!.fields).toContainEqual({ name: 'speed', type: 'number or null', example: '1.5' });
    const text = documentText(answers, proposals, 'seen');
    expect(text).toContain('#   payload.speed: number or null, such as 1.5\n');
    expect(loaded(text).spec.rules).toHaveLength(2);
  });
});

describe('mkb init', () => {
  const folders: string[] = [];
  afterEach(() => folders.splice(0).forEach(removeFolder));

  it('prints a document that is right, with the usual answers', async () => {
    const { code, stdout, stderr } = await mkb(['init', '--yes', '--username', 'me', '--to', 'cars']);
    expect([code, stderr]).toEqual([0, '']);
    expect(loaded(stdout).spec.mqtt).toMatchObject({ url: 'mqtt://localhost:1883', auth: { username: 'me' } });
  });

  it('writes a new file, and never over another', async () => {
    const folder = temporaryFolder('init');
    folders.push(folder);
    const file = join(folder, 'bridge.yaml');
    const write = (name: string) => mkb(['init', '--yes', '--name', name, '--output', file]);
    expect(await write('first')).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('mkb doctor') });
    const second = await write('second');
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('which is not a new file') });
    expect(readFileSync(file, 'utf8')).toContain('"first"');
  });

  it('writes nothing when an answer is wrong, and says which', async () => {
    const { code, stdout, stderr } = await mkb(['init', '--yes', '--mqtt', 'http://a', '--output', '/nowhere/at/all']);
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain('spec.mqtt.url');
    expect(existsSync('/nowhere')).toBe(false);
  });

  it('looks at what is published, and leaves nothing at the server', async () => {
    const aedes = await Aedes.createBroker();
    const server = createServer(aedes.handle);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const subscribed = new Promise<void>(resolve => aedes.once('subscribe', () => resolve()));
    const published = subscribed.then(() => {
      for (const vin of ['a', 'b']) {
        const packet = {
          topic: `cars/${vin}/state`,
          payload: Buffer.from('{"speed": 3}'),
          qos: 1,
          retain: false,
        } as const;
        aedes.publish({ cmd: 'publish', dup: false, ...packet }, () => undefined);
      }
    });
    try {
      const url = `mqtt://127.0.0.1:${port}`;
      const { code, stdout, stderr } = await mkb(['init', '--yes', '--mqtt', url, '--look', '2']);
      await published;
      expect(stderr).toContain('cars/{car}/state: 2');
      expect(code).toBe(0);
      const { spec } = loaded(stdout);
      expect(spec.rules).toMatchObject([
        { sql: expect.stringContaining('"cars/{car}/state"'), sinks: [{ kafka: { key: '${car}' } }] },
      ]);
      expect(stdout).toContain('payload.speed: number, such as 3');
    } finally {
      server.close();
      await new Promise<void>(resolve => aedes.close(resolve));
    }
  });

  it('says why it cannot look', async () => {
    const { code, stdout, stderr } = await mkb(['init', '--yes', '--mqtt', 'mqtt://127.0.0.1:1', '--look', '1']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('remedy:');
  });

  it.each(['0', '-1', 'x', '601'])('takes no look of %s s', async seconds => {
    expect((await mkb(['init', '--yes', `--look=${seconds}`])).code).toBe(2);
  });
});

// Ctrl-C at a question printed a stack, as did Ctrl-D.
it.skipIf(spawnSync('script', ['--version']).error).each([
  ['init', '\x03'],
  ['init', '\x04'],
  ['passwd car-1', '\x03'],
  ['passwd car-1', '\x04'],
])('mkb %s ends quietly when its question is answered by %j', async (command, key) => {
  const terminal = spawn('script', ['-qefc', `${process.execPath} ${mkbFile} ${command}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let said = '';
  terminal.stdout.on('data', chunk => {
    const wasAsked = said.includes(': ');
    said += chunk;
    if (!wasAsked && said.includes(': ')) terminal.stdin.write(key);
  });
  const [code] = await once(terminal, 'close');
  expect(code).toBe(130);
  expect(said).not.toContain('Abort');
});

it('documents of init have no errors with any filter that is one', () => {
  for (const from of ['#', '+/+', 'a/{b}/#', '$share/g/a'])
    expect(hasErrors(loadText(documentText({ ...answers, from }, [], ''), 'init').problems)).toBe(false);
});
