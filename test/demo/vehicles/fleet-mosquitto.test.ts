import mqtt from 'mqtt';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../../../demo/vehicles/fleet.ts';
import { type RunningMosquitto, startMosquitto } from '../../real/mosquitto.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';

describeReal('mosquitto', 'openssl')('a fleet and a real Mosquitto', () => {
  let mosquitto: RunningMosquitto;
  let fleet: Fleet | undefined;

  beforeAll(async () => {
    mosquitto = await startMosquitto({ tls: true, websockets: true });
  });
  afterEach(() => fleet?.stop().catch(() => {}));
  afterAll(() => mosquitto?.stop());

  test.each([
    '5',
    '3.1.1',
  ] as const)('a hundred vehicles of MQTT %s lose nothing on the way to a subscriber', async mqttVersion => {
    const subscriber = await mqtt.connectAsync(mosquitto.url, { protocolVersion: 5 });
    let received = 0;
    subscriber.on('message', () => received++);
    await subscriber.subscribeAsync('mqttx/simulate/tesla/+', { qos: 1 });
    fleet = startFleet({
      url: mosquitto.url,
      mqttVersion,
      vehicles: 100,
      connectsPerSecond: 1000,
      intervalMs: 50,
      limit: 2000,
    });
    const summary = await fleet.finished;
    expect(summary).toMatchObject({ published: 2000, acknowledged: 2000, refused: 0, lost: 0 });
    await until('all messages', () => received === 2000);
    await subscriber.endAsync();
  });

  test.each([1, 2] as const)('bursts of QoS %i stay within the server’s Receive Maximum', async qos => {
    const faults = { burst: { probability: 1, count: 200 } };
    fleet = startFleet({ url: mosquitto.url, vehicles: 2, intervalMs: 20, qos, faults, durationMs: 500 });
    const summary = await fleet.finished;
    expect(summary).toMatchObject({ lost: 0, refused: 0, unacknowledged: 0, acknowledged: summary.published });
    expect(summary.skipped.window).toBeGreaterThan(0);
  });

  test('TLS with its authority, TLS with a client certificate, ws and wss work', async () => {
    const { ca, clientCert: cert, clientKey: key } = mosquitto.certificates!;
    const { urlTls, urlMtls, urlWs, urlWss } = mosquitto;
    const ways = [
      { url: urlTls, tls: { ca } },
      { url: urlTls, tls: { insecure: true } },
      { url: urlMtls, tls: { ca, cert, key } },
      { url: urlWs },
      { url: urlWss, tls: { ca } },
    ];
    for (const way of ways) {
      fleet = startFleet({ ...way, vehicles: 1, intervalMs: 10, limit: 3 });
      expect(await fleet.finished).toMatchObject({ acknowledged: 3 });
    }
  });

  test('a certificate that nobody trusts keeps the fleet out, with the reason', async () => {
    fleet = startFleet({ url: mosquitto.urlTls, vehicles: 1, connectTimeoutMs: 2000 });
    await expect(fleet.finished).rejects.toMatchObject({
      code: 'vehicles-unreachable',
      details: { reason: expect.stringContaining('certificate') },
    });
  });

  test('messages that were unacknowledged when the server was killed are sent again to the next one', async () => {
    fleet = startFleet({ url: mosquitto.url, vehicles: 20, connectsPerSecond: 1000, intervalMs: 50 });
    await fleet.ready;
    mosquitto.pause();
    const { published } = fleet.counters;
    await until('messages without an answer', () => fleet!.counters.published >= published + 20);
    mosquitto.resume();
    await mosquitto.kill();
    await mosquitto.start();
    await until('all vehicles to come back', () => fleet!.connected === 20);
    const summary = await fleet.stop();
    expect(summary).toMatchObject({ unacknowledged: 0, refused: 0, acknowledged: summary.published, lost: 20 });
  });
});
