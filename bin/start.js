/* The second half of mkb, in words that a very old Node cannot read (import). */
'use strict';

const { existsSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

/** In a clone the source runs as it is; of a package, where Node strips no types, what was built of it. */
module.exports = root => {
  const source = path.join(root, 'cli', 'mkb.ts');
  const isPackage = root.split(path.sep).includes('node_modules');
  const file = !isPackage && existsSync(source) ? source : path.join(root, 'dist', 'cli', 'mkb.js');
  return import(pathToFileURL(file).href);
};
