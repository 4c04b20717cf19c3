/** Preloaded into a process of the command line (--import): writes what it has loaded of ours and of packages, one a line, to the file of MKB_LOADED. */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const file = process.env.MKB_LOADED!;

registerHooks({
  load: (url, context, next) => {
    if (url.startsWith('file:') && url !== import.meta.url) appendFileSync(file, `${url}\n`);
    return next(url, context);
  },
});
