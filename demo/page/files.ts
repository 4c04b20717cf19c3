/** The files a browser may have: those of browser/, and the roads. Read once; there is no path to walk out of. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { folder as bridgePage, filesOf } from '../../bridge/page/files.ts';
import { roadNetwork } from '../vehicles/road-network.ts';

export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Those of the page that every bridge has. */
const shared: ReadonlySet<string> = new Set(['/chart.css', '/chart.js', '/dom.js', '/icon.svg', '/theme.js']);

/** Every file by its path, `/` among them. */
export const pageFiles = (): ReadonlyMap<string, PageFile> => {
  const folder = join(import.meta.dirname, 'browser');
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const type = types[extname(name)];
    if (type !== undefined) files.set(`/${name}`, { type, content: readFileSync(join(folder, name)) });
  }
  for (const [path, file] of filesOf(bridgePage)) {
    const own = path.slice('/page'.length);
    if (shared.has(own)) files.set(own, file);
  }
  files.set('/', files.get('/index.html')!);
  files.set('/roads.json', { type: 'application/json', content: Buffer.from(JSON.stringify(roads())) });
  return files;
};

/** Each road as its speed limit in km/h, and x and y of its points in turn, in metres. */
const roads = (): number[][] =>
  roadNetwork().roads.map(({ points, limitMps }) => [
    Math.round(limitMps * 3.6),
    ...points.flatMap(({ x, y }) => [Math.round(x), Math.round(y)]),
  ]);
