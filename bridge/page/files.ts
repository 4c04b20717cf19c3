/** Files that a browser may have: those of some folders. Read once; there is no path to walk out of. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Every file of the folder by the path that it is served at. */
export const filesOf = (folder: string): [path: string, file: PageFile][] =>
  readdirSync(folder).flatMap(name => {
    const type = types[extname(name)];
    return type === undefined ? [] : [[`/page/${name}`, { type, content: readFileSync(join(folder, name)) }]];
  });

export const folder = join(import.meta.dirname, 'browser');
