// The exporter showed a RabbitMQ as down, for it asks for MQTT 5 and RabbitMQ closes then.
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { OldServer, treatments } from '../../bridge/mqtt/support/old-server.ts';
import { until } from '../../real/until.ts';
import { startExporter } from '../support/running.ts';

let server: OldServer | undefined;
afterEach(() => server?.stop());

test.each(Object.entries(treatments))('a server that %s is up', async (_, treatment) => {
  server = await OldServer.start(treatment);
  const exporter = await startExporter({ mqtt: [{ name: 'm', url: server.url, sys: false }] });
  await exporter.shows('the connection', scrape => scrape.value('mqtt_broker_up') === 1);
  expect(server.levels.slice(0, 2)).toEqual([5, 4]);
});

test('with a version of the document it is not looked for, and the error names the setting', async () => {
  const closes = treatments['closes without an answer'];
  server = await OldServer.start(closes, closes);
  const exporter = await startExporter({ mqtt: [{ name: 'm', url: server.url, sys: false, version: '5' }] });
  await until('two errors', () => exporter.errors.length >= 2);
  expect(new Set(server.levels)).toEqual(new Set([5]));
  expect(exporter.errors[0]!.remedy).toContain('version');
});

// mqtt.js gives up on a login that is refused, and the exporter did so too.
test('a login that is refused is retried, as its password may have been changed since', async () => {
  const letsIn = (socket: Socket) => void socket.write(Buffer.from([0x20, 3, 0, 0, 0]));
  server = await OldServer.start(socket => {
    server!.become(letsIn, letsIn);
    socket.end(Buffer.from([0x20, 3, 0, 0x86, 0]));
  });
  const exporter = await startExporter({ mqtt: [{ name: 'm', url: server.url, sys: false }] });
  await exporter.shows('the connection', scrape => scrape.value('mqtt_broker_up') === 1);
  expect(server.levels).toEqual([5, 5]);
});
