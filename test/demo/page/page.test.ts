import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../../bridge/observe/log.ts';
import { type Demo, startDemo } from '../../../demo/demo.ts';
import type { PortWish } from '../../../demo/ports.ts';
import { describeReal } from '../../real/require.ts';
import { systems } from '../../real/systems.ts';
import { until } from '../../real/until.ts';
import { overlaps } from '../../support/browser.ts';
import { contrastFailures } from '../../support/contrast.ts';

const anyPort: PortWish = { option: '--port', port: 0, asked: false };
const browserArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const newDemo = (): Promise<Demo> =>
  startDemo({
    vehicles: 10,
    intervalMs: 250,
    seed: '1',
    ports: { mqtt: anyPort, kafka: anyPort, metrics: anyPort },
    page: anyPort,
    log: createLog('silent'),
  });

describeReal('chromium')('the page, in a real browser', () => {
  let browser: Browser;
  let demo: Demo;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    const executablePath = systems.find(({ name }) => name === 'chromium')!.found()!;
    [browser, demo] = await Promise.all([chromium.launch({ executablePath, args: browserArguments }), newDemo()]);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(60_000);
    problems = [];
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page.on('pageerror', error => problems.push(`${error}`));
  });
  afterEach(async () => {
    await page.close();
    expect(problems).toEqual([]);
  });

  const open = async (port = demo.facts.pagePort): Promise<void> => {
    await page.goto(`http://127.0.0.1:${port}`);
    await page.locator('#state[data-state="good"]').waitFor();
  };
  const text = (selector: string): Promise<string> => page.locator(selector).innerText();
  const number = async (selector: string): Promise<number> => Number((await text(selector)).replaceAll(',', ''));
  const rows = () => page.locator('#vehicle-list button');

  test('shows ten vehicles with speed, charge, odometer and gear', async () => {
    await open();
    await until('ten vehicles', async () => (await rows().count()) === 10);
    for (const row of await rows().allInnerTexts()) {
      expect(row.replace(/\s+/g, ' ').replaceAll(' ,', ',')).toMatch(
        /^\w+'s Model [S3XY], gear [PRND], (driving|parked|charging), \d+ km\/h, charge \d+ %, odometer [\d,]+\.\d km$/,
      );
    }
  });

  test('moves: totals grow, rates are those of ten vehicles, an odometer turns', async () => {
    await open();
    const odometers = () => page.locator('#vehicle-list .odometer').allInnerTexts();
    await until('ten vehicles', async () => (await rows().count()) === 10);
    const [before, delivered] = [await odometers(), await number('#account-delivered')];
    await until('more deliveries', async () => (await number('#account-delivered')) > delivered);
    await until('an odometer to turn', async () => `${await odometers()}` !== `${before}`);
    for (const stage of ['published', 'received', 'passed', 'delivered']) {
      // A machine that stood still for a moment had another rate.
      await until(`the rate of ${stage}`, async () => Math.round((await number(`#rate-${stage}`)) / 10) === 4);
    }
  });

  test.each(['#region', '#street'])('draws the map %s', async selector => {
    await open();
    await until('somebody to follow', async () => (await text('#followed')).trim() !== '');
    const colours = () =>
      page.evaluate<number>(`(() => {
        const canvas = document.querySelector('${selector}');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
      })()`);
    // One is ground alone; lines, dots and letters bring many.
    await until('many colours', async () => (await colours()) > 50, { everyMs: 200 });
  });

  test('shows that the account adds up', async () => {
    await open();
    await until('an account', async () => (await number('#account-received')) > 0);
    await page.locator('#account[data-tone="good"]').waitFor();
    await page.locator('#verdict', { hasText: 'Adds up' }).waitFor();
  });

  test('shows throughput and latency with a scale', async () => {
    await open();
    const words = (id: string) => page.locator(`#${id} svg`).getAttribute('aria-label');
    await until('a p99', async () =>
      /scale from 0 to [\d.,]+ ms; .*p99 [\d.,]+ ms$/.test((await words('latency')) ?? ''),
    );
    await until('a rate', async () =>
      /scale from 0 to [\d.,]+; now received [\d.,]+/.test((await words('throughput')) ?? ''),
    );
    const line = page.locator('#latency path.p50');
    await until('a line', async () => /M.*L/.test((await line.getAttribute('d')) ?? ''));
  });

  test('has records and latency in sight, and no text over another', async () => {
    await open();
    await until('records', async () => (await page.locator('#record-list li:not(.blank)').count()) > 0);
    for (const id of ['#record-list', '#latency', '#throughput']) {
      const box = (await page.locator(id).boundingBox())!;
      expect(box.y + box.height, id).toBeLessThanOrEqual(900);
    }
    await page.setViewportSize({ width: 390, height: 900 });
    await page.locator('#record-list').scrollIntoViewIfNeeded();
    expect(await page.evaluate(overlaps)).toEqual([]);
  });

  test('shows the newest records, and all of one in a dialog that Escape closes', async () => {
    await open();
    const first = page.locator('#record-list li:not(.blank) button').first();
    await first.waitFor();
    expect((await first.innerText()).replace(/\s+/g, ' ')).toMatch(
      /^[\d:.]+ , key mqttx_\w+_\d+ , partition \d , offset \d+ , \{"vin":/,
    );
    await first.focus();
    await page.keyboard.press('Enter');
    const value = JSON.parse(await text('#record-value'));
    expect(value).toMatchObject({ vin: expect.stringMatching(/^0MK/), odometer: expect.any(Number) });
    expect(await text('#record-facts')).toMatch(/Topic\s+my-vehicles\s+Key\s+mqttx_/);
    await page.keyboard.press('Escape');
    expect(await page.locator('#record').isVisible()).toBe(false);
    expect(await first.evaluate(button => button.matches(':focus'))).toBe(true);
  });

  test('holds the records still while somebody is among them', async () => {
    await open();
    const list = page.locator('#record-list');
    await list.locator('li:not(.blank) button').first().focus();
    const held = await list.innerText();
    const received = await number('#account-received');
    await until('many more messages', async () => (await number('#account-received')) > received + 80);
    expect(await list.innerText()).toBe(held);
    await page.locator('#records-state', { hasText: 'held still' }).waitFor();
  });

  test('follows a vehicle that is chosen with the keyboard', async () => {
    await open();
    const chosen = rows().nth(3);
    await chosen.focus();
    await page.keyboard.press('Space');
    expect(await chosen.getAttribute('aria-pressed')).toBe('true');
    expect(await page.locator('#vehicle-list [aria-pressed="true"]').count()).toBe(1);
    expect(await chosen.innerText()).toContain(await text('#followed'));
  });

  test('leads past the head with the first Tab', async () => {
    await open();
    await until('ten vehicles', async () => (await rows().count()) === 10);
    await page.keyboard.press('Tab');
    expect(await page.locator('.skip').evaluate(link => link.matches(':focus'))).toBe(true);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(
      await rows()
        .first()
        .evaluate(button => button.matches(':focus')),
    ).toBe(true);
  });

  test.each([
    ['light', 1440],
    ['light', 390],
    ['dark', 1440],
    ['dark', 390],
  ] as const)('has text that stands out, %s and %i pixels wide (WCAG 2.2, 1.4.3)', async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await open();
    await until('records', async () => (await page.locator('#record-list li:not(.blank)').count()) > 0);
    expect(await page.evaluate(contrastFailures)).toEqual([]);
  });

  test.each([1440, 1024, 768, 390, 320])('needs no sideways scrolling %i pixels wide', async width => {
    await page.setViewportSize({ width, height: 800 });
    await open();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  test.each([1440, 390])('does not jump about while it fills, %i pixels wide', async width => {
    await page.setViewportSize({ width, height: 3000 });
    await page.addInitScript(`
      window.shift = 0;
      new PerformanceObserver(list => {
        for (const entry of list.getEntries()) window.shift += entry.value;
      }).observe({ type: 'layout-shift', buffered: true });
    `);
    await open();
    const received = await number('#account-received');
    await until('some seconds of messages', async () => (await number('#account-received')) > received + 80);
    // 0.1 is what counts as good (Core Web Vitals).
    expect(await page.evaluate('window.shift')).toBeLessThan(0.02);
  });

  test('keeps still for those who asked for less motion', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await open();
    await until('records', async () => (await number('#account-received')) > 0);
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
  });

  test('says how it ended', async () => {
    const short = await newDemo();
    await open(short.facts.pagePort);
    await until('messages', async () => (await number('#account-received')) > 0);
    await short.stop();
    await until('the end', async () => /^Ended: \d+ published, \d+ delivered, none lost$/.test(await text('#state')));
  });
});
