/** The files a browser may have: those of the page that every bridge has, those of browser/ beside or instead of them, and the roads. */
import { join } from 'node:path';
import { folder as bridgePage, filesOf, type PageFile } from '../../bridge/page/files.ts';
import { roadNetwork } from '../vehicles/road-network.ts';

/** Every file by its path, `/` among them. */
export const pageFiles = (): ReadonlyMap<string, PageFile> => {
  const files = new Map<string, PageFile>();
  for (const folder of [bridgePage, join(import.meta.dirname, 'browser')])
    for (const [name, file] of filesOf(folder)) files.set(name === 'index.html' ? '/' : `/${name}`, file);
  files.set('/roads.json', { type: 'application/json', content: Buffer.from(JSON.stringify(roads())) });
  return files;
};

/** Each road as its speed limit in km/h, and x and y of its points in turn, in metres. */
const roads = (): number[][] =>
  roadNetwork().roads.map(({ points, limitMps }) => [
    Math.round(limitMps * 3.6),
    ...points.flatMap(({ x, y }) => [Math.round(x), Math.round(y)]),
  ]);
