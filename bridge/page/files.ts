/** Files that a browser may have: those of some folders. Read once; there is no path to walk out of. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

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

/** Every file of the folder by its name. */
export const filesOf = (folder: string): Map<string, PageFile> =>
  new Map(
    readdirSync(folder).flatMap(name => {
      const type = types[extname(name)];
      return type === undefined ? [] : [[name, { type, content: readFileSync(join(folder, name)) }]];
    }),
  );

export const folder = join(import.meta.dirname, 'browser');
