/** Preloaded into a process of the command line (--import): its stderr, a pipe, passes for a terminal of 100 columns. Whether it takes colours is up to Node. */
import { WriteStream } from 'node:tty';

const { hasColors, getColorDepth } = WriteStream.prototype;
Object.assign(process.stderr, { isTTY: true, columns: 100, hasColors, getColorDepth });
