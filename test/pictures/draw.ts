/** Draws dashboards in Chromium with Grafana's own components, from a Prometheus, and says what each panel shows. */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { dashboardPath } from '../../dashboards/generated-files.ts';
import { committedDashboards, root } from '../dashboards/support/committed.ts';
import { grafanaFolder } from '../real/grafana.ts';
import { program } from '../real/install.ts';

/** What one panel shows. */
export interface Shown {
  readonly title: string;
  readonly type: string;
  /** Of queries and of drawing. */
  readonly errors: readonly string[];
  /** Whether it has no data. */
  readonly empty?: true;
  readonly tiles?: readonly { readonly title: string; readonly text: string; readonly color: string }[];
  readonly series?: readonly { readonly name: string; readonly color: string }[];
  readonly columns?: readonly string[];
  /** Texts of a table that are cut, and columns that are out of sight. */
  readonly cut?: readonly string[];
}

export interface Drawing {
  readonly png: Buffer;
  readonly panels: readonly Shown[];
  /** What the browser complained about. */
  readonly problems: readonly string[];
}

export interface DrawOptions {
  readonly theme: 'dark' | 'light';
  /** Milliseconds since 1970. Default now. */
  readonly to?: number;
  /** Between the two ends of what is shown. Default the dashboard's own. */
  readonly minutes?: number;
  /** Seconds between two scrapes. */
  readonly scrape: number;
  /** Folded rows too. */
  readonly open?: boolean;
  /** Pixels from the top, instead of the whole page. */
  readonly height?: number;
}

export interface Pictures {
  draw(dashboard: string, options: DrawOptions): Promise<Drawing>;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const width = 1600;

/** @param prometheus its address */
export async function openPictures(prometheus: string): Promise<Pictures> {
  const server = createServer((request, response) => {
    answer(prometheus, new URL(request.url!, 'http://localhost'), response).catch(error => {
      response.writeHead(404).end(String(error));
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  const browser = await chromium.launch({ executablePath: program('chromium')!, args });
  return {
    draw: (dashboard, options) => drawn(browser, `http://127.0.0.1:${port}`, dashboard, options),
    close: async () => {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(prometheus: string, { pathname, search }: URL, response: ServerResponse): Promise<void> {
  const [, place, ...rest] = normalize(pathname).split('/');
  const path = rest.join('/');
  if (place === 'prometheus') {
    const got = await fetch(`${prometheus}/${path}${search}`);
    response.writeHead(got.status, { 'content-type': 'application/json' }).end(await got.text());
    return;
  }
  const files: Readonly<Record<string, () => string>> = {
    '': () => join(import.meta.dirname, 'page', 'index.html'),
    page: () => join(import.meta.dirname, 'page', path),
    grafana: () => join(grafanaFolder()!, inBundle(path)),
    dashboards: () => join(root, dashboardPath(path)),
  };
  const body = readFileSync((files[place!] ?? files['']!)());
  response.writeHead(200, { 'content-type': types[extname(path)] ?? types['.html']! }).end(body);
}

/** Where a running Grafana has something that the components ask for, and where the bundle has it. */
const inBundle = (path: string): string =>
  path
    .replace(/^build\//, '')
    .replace(/^fonts\/inter\/Inter-Regular\.woff2$/, 'inter-latin-400-normal.woff2')
    .replace(/^fonts\/inter\/Inter-Medium\.woff2$/, 'inter-latin-500-normal.woff2')
    .replace(/^fonts\/roboto\/.*$/, 'roboto-mono-latin-400-normal.woff2');

async function drawn(browser: Browser, address: string, dashboard: string, options: DrawOptions): Promise<Drawing> {
  const { theme, to = Date.now(), minutes = minutesOf(dashboard), scrape, open = false, height } = options;
  const page = await browser.newPage({ viewport: { width, height: 1000 } });
  const problems: string[] = [];
  page.on('pageerror', error => problems.push(String(error)));
  page.on('console', message => {
    if (message.type() === 'error') problems.push(`${message.text()} ${message.location().url}`);
  });
  try {
    const query = { dashboard, theme, to: `${to}`, from: `${to - minutes * 60_000}`, scrape: `${scrape}` };
    await page.goto(`${address}/?${new URLSearchParams({ ...query, ...(open ? { open: '1' } : {}) })}`);
    await page.waitForFunction('window.drawn !== undefined', undefined, { timeout: 180_000 });
    // What is out of sight is not drawn before it is seen.
    const whole = Number(await page.evaluate('document.documentElement.scrollHeight'));
    await page.setViewportSize({ width, height: whole });
    await settled(page);
    const panels = (await page.evaluate('window.drawn')) as Shown[];
    const cuts = (await page.evaluate(cutTexts)) as Record<string, string[]>;
    const png = await page.screenshot({ clip: { x: 0, y: 0, width, height: Math.min(whole, height ?? whole) } });
    return { png, problems, panels: panels.map(panel => ({ ...panel, ...cutOf(panel, cuts) })) };
  } finally {
    await page.close();
  }
}

/** As a dashboard of ours asks for: now-5m. */
function minutesOf(dashboard: string): number {
  const { time } = committedDashboards.find(({ name }) => name === dashboard)!.dashboard;
  return Number(/^now-(\d+)m$/.exec(time!.from)![1]);
}

const cutOf = ({ title, columns }: Shown, cuts: Readonly<Record<string, string[]>>): Pick<Shown, 'cut'> =>
  columns === undefined ? {} : { cut: cuts[title] ?? [] };

/** Waits until two looks a moment apart see the same. */
async function settled(page: Page): Promise<void> {
  let last = '';
  for (let round = 0; round < 50; round++) {
    await page.waitForTimeout(200);
    const now = (await page.screenshot()).toString('base64');
    if (now === last) return;
    last = now;
  }
}

/** By the title of its panel, what of a table is cut or out of sight. A string because it runs in the browser. */
const cutTexts = `Object.fromEntries([...document.querySelectorAll('.cell')].map(cell => {
  const grid = cell.querySelector('[role=grid]');
  if (!grid) return [cell.dataset.title, []];
  const { right } = grid.getBoundingClientRect();
  const cut = [...grid.querySelectorAll('[role=columnheader], [role=gridcell]')].filter(each => {
    const outside = each.getBoundingClientRect().right > right + 1;
    const inner = [each, ...each.querySelectorAll('*')].filter(part => getComputedStyle(part).overflowX !== 'visible' || part === each);
    // What stands at the right runs out at the left, which nothing scrolls to.
    const { left } = each.getBoundingClientRect();
    const before = [...each.querySelectorAll('*')].some(part => part.getBoundingClientRect().left < left - 1);
    return outside || before || inner.some(part => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0);
  });
  return [cell.dataset.title, [...new Set(cut.map(each => each.textContent))]];
}))`;
