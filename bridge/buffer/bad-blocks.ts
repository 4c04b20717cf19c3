/**
 * Reads around blocks that a disk does not give (EIO), so that they do not hold back what is behind them for ever.
 *
 * A disk may come back: it is asked again for seconds before some blocks of a read are given up, and for minutes before a read is of which it gives
 * nothing, since that is how a disk looks that was unplugged. In the place of a block that is given up there are zeros, in which no batch and no
 * record is found: the messages that it held are missing between the ids of others, and are counted by the reader of these.
 */
import { MkbError } from '../../api/errors.ts';
import type { OpenFile } from './disk.ts';
import { readAt } from './log-files.ts';

/** How often the same read fails before blocks are given up: if the disk gives some of them, and if it gives none. */
export interface BlockPatience {
  readonly some: number;
  readonly none: number;
}

/** With an attempt a second: five seconds, and ten minutes. */
export const usualPatience: BlockPatience = { some: 5, none: 600 };
export const noPatience: BlockPatience = { some: 1, none: 1 };

const blockBytes = 4096;

export class BadBlocks {
  readonly #patience: BlockPatience;
  readonly #gaveUp: (error: MkbError) => void;
  #failures = 0;

  /** @param gaveUp called with what is read no more */
  constructor(patience: BlockPatience, gaveUp: (error: MkbError) => void) {
    this.#patience = patience;
    this.#gaveUp = gaveUp;
  }

  /** As `readAt`. Throws what the disk does; then it may be called again. */
  async read(handle: OpenFile, path: string, bytes: number, position: number, into: Buffer): Promise<Buffer> {
    try {
      const window = await readAt(handle, bytes, position, into);
      this.#failures = 0;
      return window;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EIO' || ++this.#failures < this.#patience.some) throw error;
      const bad = await readBlocks(handle, bytes, position, into);
      const isAll = bad.length === blocksOf(bytes, position).length;
      if (isAll && this.#failures < this.#patience.none) throw error;
      this.#failures = 0;
      if (bad.length > 0)
        this.#gaveUp(new MkbError('buffer-blocks-unreadable', { path, blocks: bad.length, first: bad[0]! }));
      return into.subarray(0, bytes);
    }
  }
}

/** Block by block. Returns the positions of those that the disk does not give. Throws for any other error. */
async function readBlocks(handle: OpenFile, bytes: number, position: number, into: Buffer): Promise<number[]> {
  const bad: number[] = [];
  for (const [from, to] of blocksOf(bytes, position)) {
    const block = into.subarray(from - position, to - position);
    block.fill(0);
    await readAt(handle, to - from, from, block).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EIO') throw error;
      block.fill(0);
      bad.push(from);
    });
  }
  return bad;
}

/** Where the disk's blocks begin and end in a range. */
function blocksOf(bytes: number, position: number): readonly (readonly [from: number, to: number])[] {
  const blocks: [number, number][] = [];
  const end = position + bytes;
  for (let from = position; from < end; ) {
    const to = Math.min(end, from - (from % blockBytes) + blockBytes);
    blocks.push([from, to]);
    from = to;
  }
  return blocks;
}
