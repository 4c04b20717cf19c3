import { execFileSync } from 'node:child_process';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type RunningMosquitto, startMosquitto } from '../../real/mosquitto.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { startChaosProxy } from '../../support/chaos-proxy.ts';
import { startExporter } from '../support/running.ts';
import type { Scrape } from '../support/scrape.ts';

const quick = { sys_interval: '1' };

describeReal('mosquitto')('Mosquitto', () => {
  let broker: RunningMosquitto;
  beforeAll(async () => {
    broker = await startMosquitto({ config: quick });
  });
  afterAll(() => broker?.stop());

  test('its figures are those that it publishes', async () => {
    const client = await mqtt.connectAsync(broker.url);
    onTestFinished(() => client.endAsync());
    await client.subscribeAsync('cars/#');
    await client.publishAsync('cars/1', 'x', { qos: 1 });
    const exporter = await startExporter({ mqtt: [{ name: 'm', url: broker.url }] });
    await exporter.shows('both clients', scrape => scrape.value('mqtt_broker_connections', { target: 'm' }) === 2);
    for (const figure of ['messages_received_total', 'messages_sent_total', 'bytes_sent_total', 'subscriptions']) {
      await exporter.shows(figure, scrape => scrape.value(`mqtt_broker_${figure}`)! > 0);
    }
    const scrape = await exporter.scrape();
    expect(scrape.value('mqtt_broker_up')).toBe(1);
    expect(scrape.value('mqtt_broker_messages_dropped_total', { reason: 'queue_full' })).toBe(0);
  });

  test('what waits for a client that is away is shown', async () => {
    const away = await mqtt.connectAsync(broker.url, { clientId: 'away', clean: false });
    await away.subscribeAsync('waiting/#', { qos: 1 });
    await away.endAsync();
    const exporter = await startExporter({ mqtt: [{ name: 'm', url: broker.url }] });
    const stored = (scrape: Scrape) => scrape.value('mqtt_broker_stored_messages');
    await exporter.shows('what it keeps', scrape => stored(scrape) !== undefined);
    const client = await mqtt.connectAsync(broker.url);
    onTestFinished(() => client.endAsync());
    for (let index = 0; index < 500; index++) await client.publishAsync('waiting/1', 'x', { qos: 1 });
    await exporter.shows('500 more', scrape => stored(scrape)! >= 500);
  });

  test('what does not change, and so is not published again, stays', async () => {
    const exporter = await startExporter({ mqtt: [{ name: 'm', url: broker.url }] });
    const rounds = async (count: number) =>
      exporter.shows(
        `${count} rounds`,
        scrape => scrape.value('exporter_collections_total', { outcome: 'ok' })! >= count,
      );
    await rounds(5);
    expect((await exporter.scrape()).value('mqtt_broker_subscriptions')).toBeGreaterThan(0);
  });

  test('a probe comes back and says how long it took', async () => {
    const exporter = await startExporter({ mqtt: [{ name: 'm', url: broker.url, sys: false, probe: {} }] });
    await exporter.shows('two probes', scrape => scrape.value('mqtt_probe_attempts_total')! >= 2);
    const scrape = await exporter.scrape();
    expect(scrape.value('mqtt_probe_success')).toBe(1);
    expect(scrape.value('mqtt_probe_failures_total')).toBe(0);
    expect(scrape.value('mqtt_probe_seconds')).toBeGreaterThan(0);
    expect(scrape.value('mqtt_probe_seconds')).toBeLessThan(5);
    expect(scrape.value('mqtt_broker_connections')).toBeUndefined();
  });

  test('two exporters probe one broker, and neither takes the other’s session or message', async () => {
    const spec = { mqtt: [{ name: 'm', url: broker.url, sys: false, probe: {} }] };
    const both = [await startExporter(spec), await startExporter(spec)];
    for (const each of both) await each.shows('probes', scrape => scrape.value('mqtt_probe_attempts_total')! >= 2);
    for (const each of both) expect(each.errors).toEqual([]);
  });

  test('a connection that freezes fails the probe, then is not up, and all is well when it thaws', async () => {
    const proxy = await startChaosProxy(broker.port);
    onTestFinished(() => proxy.close());
    const url = `mqtt://127.0.0.1:${proxy.port}`;
    const exporter = await startExporter({ timeout: '1s', mqtt: [{ name: 'm', url, probe: {} }] });
    await exporter.shows('a probe', scrape => scrape.value('mqtt_probe_success') === 1);
    proxy.freeze();
    await exporter.shows('a lost probe', scrape => scrape.value('mqtt_probe_success') === 0);
    expect(exporter.errors.map(({ code }) => code)).toContain('probe-lost');
    await exporter.shows('the lost connection', scrape => scrape.value('mqtt_broker_up') === 0);
    await exporter.shows('no old figures', scrape => scrape.value('mqtt_broker_connections') === undefined);
    proxy.thaw();
    await exporter.shows('a probe again', scrape => scrape.value('mqtt_probe_success') === 1);
    await exporter.shows('the figures again', scrape => scrape.value('mqtt_broker_connections') !== undefined);
  });
});

describeReal('mosquitto')('a Mosquitto that is not always there', () => {
  test('is up again after it was down, while another target goes on', async () => {
    const [broken, well] = await Promise.all([startMosquitto({ config: quick }), startMosquitto({ config: quick })]);
    onTestFinished(async () => {
      await Promise.all([broken.stop(), well.stop()]);
    });
    const targets = [
      { name: 'broken', url: broken.url, probe: {} },
      { name: 'well', url: well.url, probe: {} },
    ];
    const exporter = await startExporter({ timeout: '2s', interval: '2s', mqtt: targets });
    const up = (value: number) =>
      exporter.shows(`up ${value}`, scrape => scrape.value('mqtt_broker_up', { target: 'broken' }) === value);
    await up(1);
    await broken.kill();
    await up(0);
    await exporter.shows('a failed probe', scrape => scrape.value('mqtt_probe_success', { target: 'broken' }) === 0);
    const scrape = await exporter.scrape();
    expect(scrape.value('mqtt_broker_up', { target: 'well' })).toBe(1);
    expect(scrape.value('mqtt_probe_success', { target: 'well' })).toBe(1);
    // Before it there may be the probe that was under way.
    await until('the error', () => exporter.errors.some(({ code }) => code.startsWith('mqtt-connect')));
    await broken.start();
    await up(1);
  });

  test('refuses a wrong password: it is not up, and the error says what to fix', async () => {
    const broker = await startMosquitto({ users: { watcher: 'right' } });
    onTestFinished(() => broker.stop());
    const target = (password: string) => ({
      name: password,
      url: broker.url,
      auth: { username: 'watcher', password: { value: password } },
    });
    const exporter = await startExporter({ mqtt: [target('right'), target('wrong')] });
    await exporter.shows('the right one', scrape => scrape.value('mqtt_broker_up', { target: 'right' }) === 1);
    await until('the refusal', () => exporter.errors.some(({ code }) => code === 'mqtt-not-authorised'));
    expect((await exporter.scrape()).value('mqtt_broker_up', { target: 'wrong' })).toBe(0);
    expect(exporter.missing()).toEqual([]);
  });

  test('is watched over TLS with a certificate of ours', async () => {
    const broker = await startMosquitto({ tls: true });
    onTestFinished(() => broker.stop());
    const { ca, clientCert, clientKeyFile } = broker.certificates!;
    const tls = { ca: { value: ca }, cert: { value: clientCert }, key: { valueFrom: { file: clientKeyFile } } };
    const exporter = await startExporter({
      mqtt: [
        { name: 'trusted', url: broker.urlMtls, tls, probe: {} },
        { name: 'untrusted', url: broker.urlTls, probe: {} },
      ],
    });
    await exporter.shows('a probe', scrape => scrape.value('mqtt_probe_success', { target: 'trusted' }) === 1);
    await exporter.shows('the other', scrape => scrape.value('mqtt_broker_up', { target: 'untrusted' }) === 0);
  });

  test('stopping ends its connection at once', async () => {
    const broker = await startMosquitto();
    onTestFinished(() => broker.stop());
    const exporter = await startExporter({ mqtt: [{ name: 'm', url: broker.url, probe: {} }] });
    await exporter.shows('a probe', scrape => scrape.value('mqtt_probe_success') === 1);
    await exporter.stop();
    const connections = () =>
      execFileSync('ss', ['-tnH', 'state', 'established', 'dport', '=', `:${broker.port}`]).toString();
    await until('no connection', () => connections() === '');
  });
});
