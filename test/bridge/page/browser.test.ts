// Who ran a bridge saw JSON lines and /metrics: nothing showed what it does, and what goes wrong.
import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import type { Browser, Page } from 'playwright-core';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../../bridge/main.ts';
import { type HttpEndpoint, serveHttp } from '../../../bridge/observe/http.ts';
import { BridgePage } from '../../../bridge/page/page.ts';
import { answerTap } from '../../../bridge/tap/answer.ts';
import { Evaluator } from '../../../cli/page/evaluator.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { freePort } from '../../real/ports.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { accessibilityFailures, newPage, overlaps, startBrowser } from '../../support/browser.ts';
import { contrastFailures } from '../../support/contrast.ts';

const hostile = `<img src=x onerror="document.title='hostile'">`;

const documentOf = (mqttPort: number, kafkaPort: number) =>
  completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'plant-7' },
    spec: {
      mqtt: { url: `mqtt://127.0.0.1:${mqttPort}`, version: '3.1.1' },
      kafka: {
        bootstrapServers: [`127.0.0.1:${kafkaPort}`],
        topics: ['speeds', 'letters', 'commands'].map(name => ({ name, partitions: 2, replicas: 1 })),
      },
      delivery: { onFailure: { deadLetter: { topic: 'letters' } } },
      rules: [
        {
          name: 'speeds',
          sql: 'SELECT payload.speed AS speed, car FROM "cars/{car}/#" WHERE payload.speed > 60',
          sinks: [{ kafka: { topic: 'speeds', key: '${car}' } }],
        },
        {
          name: 'commands',
          sql: 'SELECT * FROM "$kafka/commands"',
          sinks: [{ mqtt: { topic: 'to/${key}', payload: '${value}' } }],
        },
      ],
    },
  });

describeReal('chromium')('the page of a bridge, in a real browser', () => {
  let browser: Browser;
  let kafka: EmbeddedKafka;
  let broker: EmbeddedMqtt;
  let bridge: Bridge;
  let served: BridgePage;
  let http: HttpEndpoint;
  let port: number;
  let publisher: MqttClient;
  let page: Page;
  let problems: string[];

  const evaluator = new Evaluator({ limitMs: 20_000 });
  const serve = async (): Promise<void> => {
    served = new BridgePage({ bridges: [bridge], evaluate: evaluator.evaluate });
    const paths = served.handlers.set('/-/tap', (request, response) =>
      answerTap({ token: undefined, bridges: () => [bridge] }, request, response),
    );
    http = await serveHttp({ host: '127.0.0.1', port }, new Registry(), () => [bridge], undefined, paths);
  };
  const endServing = async (): Promise<void> => {
    served.close();
    await http.close();
  };

  beforeAll(async () => {
    kafka = await startEmbeddedKafka({ port: await freePort() });
    broker = await startEmbeddedMqtt({ port: await freePort() });
    const document = documentOf(broker.port, kafka.cluster.node(1).port);
    bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
    port = await freePort();
    [browser] = await Promise.all([startBrowser(), serve(), bridge.start()]);
    publisher = await mqtt.connectAsync(broker.url);
    for (let i = 0; i < 20; i++) await publisher.publishAsync('cars/a/x', `{"speed": ${50 + i}}`, { qos: 1 });
    await publisher.publishAsync(`cars/<b>${hostile.replaceAll(/[+#/]/g, '')}</b>/x`, hostile, { qos: 1 });
    await until('all of them to be settled', () => bridge.account.received === 21 && bridge.account.inFlight === 0);
  });
  afterAll(async () => {
    await browser?.close();
    await publisher?.endAsync(true);
    await endServing();
    evaluator.close();
    await bridge?.stop();
    await Promise.all([broker?.stop(), kafka?.stop()]);
  });

  beforeEach(async () => {
    ({ page, problems } = await newPage(browser));
  });
  afterEach(async () => {
    await page.close();
  });

  const open = async (): Promise<void> => {
    await page.goto(`http://127.0.0.1:${port}`);
    await page.locator('#state[data-state="good"]').waitFor();
  };
  const text = async (selector: string): Promise<string> =>
    (await page.locator(selector).innerText()).replace(/\s+/g, ' ');
  /** Says so at last: where the machine stands still for three seconds, the page shows for a moment that it hears nothing. */
  const says = (selector: string) => expect.poll(() => text(selector));

  test('shows what became of each message, rules with their errors, connections, partitions and failures', async () => {
    await open();
    await says('#title').toBe('plant-7');
    await says('#verdict').toContain('1 in the dead-letter topic');
    await says('#accounts [data-key="mqtt"]').toBe('MQTT 21 9 1 11 0 0 none in flight · dropped: 11 filtered');
    await says('#rules [data-key="speeds"]').toMatch(
      /^speeds (: try it )?Kafka speeds 21 9 1 [\d.]+ .* The payload is not JSON/,
    );
    await says('#connections').toMatch(/MQTT connected .*Kafka connected .*joined · 2 partitions · lag 0/);
    await says('#partitions').toContain('commands-0 0 0 none');
    await says('#failures .body').toMatch(/^speeds 1 dead-lettered [\d:]+ cars\/<b><img .*payload-not-json/);
    expect(problems).toEqual([]);
  });

  test('shows what is in a message as text, whatever it is', async () => {
    await open();
    expect(await page.locator('main img, main b b, main .body b').count()).toBe(0);
    await until('its own title', async () => (await page.title()) === 'ready · plant-7');
    expect(problems).toEqual([]);
  });

  test('draws throughput and latency with a scale, and says in words what they show', async () => {
    await open();
    const chart = page.locator('#latency svg');
    await until('a scale and a p99', async () => {
      await publisher.publishAsync('cars/a/x', '{"speed": 99}', { qos: 1 });
      const words = (await chart.getAttribute('aria-label')) ?? '';
      return /^Latency, scale from 0 to \d+ m?s; now p50 [\d.]+ m?s, p99 [\d.]+ m?s$/.test(words);
    });
    expect(await chart.textContent()).toMatch(/^0 ms[\d.]+ m?s\d+ m?snow/);
    const line = page.locator('#throughput path.received');
    await until('a line', async () => /M.*L/.test((await line.getAttribute('d')) ?? ''));
    expect(problems).toEqual([]);
  });

  test.each([
    ['light', 1440],
    ['light', 390],
    ['dark', 1440],
    ['dark', 390],
  ] as const)('can be read: %s, %i pixels wide', async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await open();
    expect(await page.evaluate(contrastFailures)).toEqual([]);
    expect(await page.evaluate(accessibilityFailures)).toEqual([]);
    expect(await page.evaluate(overlaps)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(problems).toEqual([]);
  });

  test('shows the newest messages, all of one in a dialog, and holds them still while somebody is among them', async () => {
    await open();
    const rows = page.locator('#message-list li:not(.blank) button');
    const first = rows.first();
    await until('messages', async () => {
      await publisher.publishAsync('cars/a/x', '{"speed": 99}', { qos: 1 });
      return (await rows.count()) > 2;
    });
    await first.focus();
    await page.keyboard.press('Enter');
    expect(JSON.parse(await page.locator('#detail-value').innerText())).toMatchObject({ speed: 99 });
    await page.keyboard.press('Escape');
    expect(await first.evaluate(button => button.matches(':focus'))).toBe(true);
    const held = await page.locator('#message-list').innerText();
    const received = bridge.account.received;
    await until('more messages', async () => {
      await publisher.publishAsync('cars/a/x', '{"speed": 120}', { qos: 1 });
      return bridge.account.received > received + 3;
    });
    await page.locator('#messages-state', { hasText: 'held still' }).waitFor();
    expect(await page.locator('#message-list').innerText()).toBe(held);
    expect(problems).toEqual([]);
  });

  test('tries a rule: rows, what its sinks write, why there are none, and the place of a mistake', async () => {
    await open();
    await page.locator('#rules button', { hasText: 'speeds' }).click();
    await page.locator('#trial-topic').fill('cars/7/x');
    const tryOn = async (payload: string): Promise<string> => {
      await page.locator('#trial-payload').fill(payload);
      await page.locator('#trial-go').click();
      await page.locator('#trial-go:enabled').waitFor();
      return text('#trial-result');
    };
    expect(await tryOn('{"speed": 88}')).toMatch(
      /^Row \{"speed":88,"car":"7"\} Written sink: 1 topic: speeds key: 7 value: \{ "car": "7", "speed": 88 \}/,
    );
    expect(await tryOn('{"speed": 50}')).toBe('No row: WHERE was false: payload.speed (50) > 60');
    await page.locator('#trial-sql').fill('SELECT payload\nFORM "cars/{car}"');
    await tryOn('{}');
    expect(await text('#trial-error')).toContain('(line 2, column 6)');
    expect(await page.locator('#trial-sql').getAttribute('aria-invalid')).toBe('true');
    expect(problems).toEqual([]);
  });

  test('keeps still for those who asked for less motion', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await open();
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
  });

  test('says at once that Kafka is down, shows no green, and that it is back', async () => {
    await open();
    await kafka.cluster.node(1).stop();
    await page.locator('#state[data-state="bad"]').waitFor();
    await says('#state').toMatch(/^Not ready: .*Kafka/);
    await page.locator('#account[data-tone="warn"]').waitFor();
    await says('#sinks [data-key="kafka"] h3').toContain('not connected');
    await kafka.cluster.node(1).start();
    await page.locator('#state[data-state="good"]').waitFor();
  });

  test('shows what it heard last as old when it hears nothing, and goes on when it does', async () => {
    await open();
    await endServing();
    await page.locator('body[data-stale="true"]').waitFor();
    expect(await text('#state')).toMatch(/^Not heard from for \d+ s$/);
    expect(await text('#verdict')).toMatch(/^Unknown: these figures are of [\d:]+$/);
    expect(await page.locator('#account').getAttribute('data-tone')).toBe('unknown');
    expect(await page.locator('.flow .rate b').allInnerTexts()).toEqual(['–', '–', '–', '–', '–']);
    expect(await text('#throughput .legend')).toBe('received – delivered –');
    expect(await page.title()).toContain('not heard from');
    await serve();
    await page.locator('body[data-stale="false"]').waitFor();
    await says('#state').toBe('Ready');
  });
});
