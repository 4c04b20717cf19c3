/** Opens a buffer, and closes it: with a lock, what was found and a committer where it is on disk; without anything of that in memory. */

import { MkbError } from '../../api/errors.ts';
import { usualPatience } from './bad-blocks.ts';
import { Committer } from './committer.ts';
import { makeFolder, syncFile, systemDisk } from './disk.ts';
import type { BufferFigures, SyncFigures } from './figures.ts';
import type { BufferHandler } from './handler.ts';
import { lockFolder } from './lock.ts';
import { LogReader } from './log-reader.ts';
import { LogStore } from './log-store.ts';
import { MessageBuffer } from './message-buffer.ts';
import type { BufferOptions, StoreOptions } from './options.ts';
import { type Recovered, recover } from './recovery.ts';

export interface OpenBuffer {
  readonly messages: MessageBuffer;
  /** What was found; undefined in memory. */
  readonly recovered: Recovered | undefined;
  readonly figures: BufferFigures;
  readonly syncs: SyncFigures;
  /** Messages of lower ids were chosen by another plan than that of the options. */
  readonly planFrom: number;
  /** Writes what is left, and gives the lock back. */
  close(): Promise<void>;
}

type Handler = Omit<BufferHandler, 'toWrite'>;

const mostFileBytes = 64 * 1024 * 1024;
const leastFileBytes = 64 * 1024;
/** Room is made by whole files, so that they are small beside all of it. */
const filesAtLeast = 16;

/**
 * @param problem is called with each failure of the disk, which is tried again
 * Throws `buffer-locked`, `buffer-unusable` and as `recover`.
 */
export async function openBuffer(
  options: BufferOptions,
  handler: Handler,
  problem: (error: MkbError) => void,
): Promise<OpenBuffer> {
  if (options.store !== undefined) return openStore(options, options.store, handler, problem);
  const messages = new MessageBuffer(options, { ...methodsOf(handler), toWrite: () => undefined });
  const close = async () => messages.stop();
  return {
    messages,
    recovered: undefined,
    get figures() {
      return messages.figures;
    },
    syncs: { syncs: 0, syncSeconds: 0 },
    planFrom: 0,
    close,
  };
}

async function openStore(
  options: BufferOptions,
  { folder, fsync, key, disk = systemDisk }: StoreOptions,
  handler: Handler,
  problem: (error: MkbError) => void,
): Promise<OpenBuffer> {
  const { maxBytes, whenFull, before, now = Date.now } = options;
  await makeFolder(disk, folder).catch(cause => {
    throw new MkbError('buffer-unusable', { folder, reason: (cause as Error).message }, { cause });
  });
  const unlock = lockFolder(folder);
  try {
    const recovered = await recover(disk, folder, key).catch(cause => {
      if (MkbError.is(cause)) throw cause;
      throw new MkbError('buffer-unusable', { folder, reason: (cause as Error).message }, { cause });
    });
    // A process that was killed would have confirmed it within a second; from now on none would.
    const last = recovered.files.at(-1);
    if (last)
      await syncFile(disk, last.path).catch(cause =>
        problem(new MkbError('buffer-write-failed', { folder, reason: (cause as Error).message }, { cause })),
      );
    const fileBytes = Math.min(mostFileBytes, Math.max(leastFileBytes, Math.floor(maxBytes / filesAtLeast)));
    const store = new LogStore({ disk, folder, key, fileBytes, now }, recovered.files, recovered.writtenTo);
    const reader = new LogReader(disk, store.files, usualPatience, problem);
    const shelf = {
      get bytes() {
        return store.bytes;
      },
      madeAt: (id: number) => store.files.find(({ nextId }) => nextId > id)?.createdAt,
      read: (id: number) => reader.read(id),
    };
    const toWrite = () => committer.wake();
    const messages = new MessageBuffer(options, { ...methodsOf(handler), toWrite }, { ...recovered, shelf });
    const dropsOldest = whenFull === 'dropOldest';
    const planFrom = recovered.plan?.name === options.plan ? (recovered.plan?.from ?? 0) : recovered.nextId;
    const plan = options.plan === undefined ? undefined : { name: options.plan, from: planFrom };
    const committer = new Committer(
      { store, disk, folder, fsync, maxBytes, dropsOldest, fileBytes, plan, before, problem },
      messages,
    );
    if (planFrom === recovered.nextId) await committer.begin();
    return {
      messages,
      recovered,
      planFrom,
      get figures() {
        return messages.figures;
      },
      syncs: committer,
      close: async () => {
        messages.stop();
        await committer.close();
        await reader.close().catch(() => undefined);
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** A spread takes no methods of a class. */
const methodsOf = (handler: Handler): Handler => ({
  message: (message, number) => handler.message(message, number),
  handedOver: () => handler.handedOver(),
  safe: arrival => handler.safe(arrival),
  acknowledge: () => handler.acknowledge(),
  hold: () => handler.hold(),
  go: () => handler.go(),
  dropped: (reason, count) => handler.dropped(reason, count),
  unreadable: error => handler.unreadable(error),
});
