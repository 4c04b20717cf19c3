/** Reads the entries of a journal back, each once and in order, and passes over what is damaged. */
import { nextRecord, type Records } from '../../buffer/batch.ts';
import { Gone } from '../../buffer/gone.ts';
import type { LogReader } from '../../buffer/log-reader.ts';
import { isRecord, partsOf, recordBytes, recordId } from '../../buffer/message-record.ts';
import type { Recovered } from '../../buffer/recovery.ts';
import { decodeEntry, type Entry } from './entries.ts';

type Found = (entry: Entry, id: number) => void;

/** Returns how many entries could not be read, without those that a process has not written to their end. */
export async function replay(reader: LogReader, recovered: Recovered, found: Found): Promise<number> {
  const replaying = new Replaying(recovered, found);
  for (;;) {
    const batches = await reader.read(replaying.next);
    if (batches.length === 0) break;
    for (const records of batches) replaying.read(records);
  }
  replaying.passOver(recovered.writtenTo);
  return replaying.lost;
}

class Replaying {
  next: number;
  lost = 0;
  readonly #unfinished: Gone;
  readonly #found: Found;

  constructor({ files, torn }: Recovered, found: Found) {
    this.next = files[0]?.firstId ?? 0;
    this.#unfinished = new Gone(torn);
    this.#found = found;
  }

  read(records: Records): void {
    const { words, start, end } = records;
    for (let at = start; at < end; ) {
      if (isRecord(words, at, end)) {
        this.#take(records, at);
        at += recordBytes(words, at);
      } else at = nextRecord(records, at, this.next);
    }
  }

  passOver(to: number): void {
    if (to <= this.next) return;
    this.lost += to - this.next - this.#unfinished.between(this.next, to);
    this.next = to;
  }

  #take({ buffer, words }: Records, at: number): void {
    const id = recordId(words, at);
    // A file that was begun after a failed write repeats some.
    if (id < this.next) return;
    this.passOver(id);
    this.next = id + 1;
    const { kind, head, body } = partsOf(buffer, words, at);
    const entry = decodeEntry(kind, head, Buffer.from(body));
    if (entry === undefined) this.lost++;
    else this.#found(entry, id);
  }
}
