// Twelve Pods with the labels of a bridge whose /metrics never ended took the memory of the operator, and one could send it anywhere.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readPage } from '../../../operator/observed/metrics-page.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

/** Sends this again and again, for as long as the client takes it. */
const endless = (piece: string) => (_: IncomingMessage, response: ServerResponse) => {
  const write = () => {
    while (!response.destroyed && response.write(piece.repeat(1000)));
  };
  response.on('drain', write);
  write();
};

const limited = (ms = 20_000) => AbortSignal.timeout(ms);

describe('a page of metrics', () => {
  it('is its samples of what is wanted, however it is cut', async () => {
    const page = `# HELP mkb_messages_received_total mkb_mqtt_connected
mkb_messages_received_total{bridge="cars"} 7
mkb_messages_received_totally{bridge="cars"} 8
process_cpu_seconds_total 3
mkb_kafka_connected 1`;
    const url = await serve(async (_, response) => {
      for (const character of page) {
        response.write(character);
        await new Promise(setImmediate);
      }
      response.end();
    });
    expect((await readPage(url, limited())).split('\n')).toEqual([
      'mkb_messages_received_total{bridge="cars"} 7',
      'mkb_kafka_connected 1',
    ]);
  });

  it.each([
    ['never ends', endless('# nothing\n'), 'more than 8388608 bytes'],
    ['has a line that never ends', endless('x'), 'a line of more than'],
    ['has samples without an end', endless('mkb_messages_received_total{x="y"} 1\n'), 'bytes of samples'],
    ['is not found', (_: IncomingMessage, response: ServerResponse) => response.writeHead(404).end(), 'HTTP 404'],
    [
      'is cut',
      (_: IncomingMessage, response: ServerResponse) => response.writeHead(200).write('mkb', () => response.destroy()),
      '',
    ],
  ])('that %s is given up', async (_, answer, said) => {
    const url = await serve((request, response) => void answer(request, response));
    await expect(readPage(url, limited())).rejects.toThrow(said);
  });

  it('that comes slowly is given up with its time', async () => {
    const url = await serve((_, response) => void response.write('mkb_kafka'));
    await expect(readPage(url, limited(100))).rejects.toThrow();
  });

  it.each([301, 302, 307, 308])('that is said to be elsewhere (%i) is not looked for there', async status => {
    let visits = 0;
    const elsewhere = await serve((_, response) => {
      visits++;
      response.end('mkb_kafka_connected 1');
    });
    const url = await serve((_, response) => void response.writeHead(status, { location: elsewhere }).end());
    await expect(readPage(url, limited())).rejects.toThrow(`HTTP ${status}`);
    expect(visits).toBe(0);
  });
});
