/**
 * Notices that files have changed, by looking at them: in every file system, through links, and in the volumes of Kubernetes, whose files all change at once when the
 * link `..data` does.
 *
 * A file that is being written is not read before it has been the same for a while.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isDocument } from '../../api/files.ts';

const usualMs = 500;

export class FileWatch {
  readonly #paths: readonly string[];
  readonly #changed: () => void;
  readonly #everyMs: number;
  /** As it was when `changed` was called last. */
  #known: string | undefined;
  /** As it was at the last look. */
  #last: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param paths files, and folders of documents
   * @param changed called when something is different, and has been so for one look
   * @param everyMs from look to look
   */
  constructor(paths: readonly string[], changed: () => void, everyMs = usualMs) {
    this.#paths = paths;
    this.#changed = changed;
    this.#everyMs = everyMs;
  }

  /** What is there now is known. */
  async start(): Promise<void> {
    this.#known = await this.#look();
    this.#last = this.#known;
    this.#again();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #again(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#check(), this.#everyMs);
  }

  async #check(): Promise<void> {
    const now = await this.#look();
    if (!this.#closed && now !== this.#known && now === this.#last) {
      this.#known = now;
      this.#changed();
    }
    this.#last = now;
    this.#again();
  }

  async #look(): Promise<string> {
    return (await Promise.all(this.#paths.map(signature))).join('\n');
  }
}

/** Another text when the content may be another. What cannot be looked at has one too. */
async function signature(file: string): Promise<string> {
  try {
    const stats = await stat(file, { bigint: true });
    const { dev, ino, size, mtimeNs, ctimeNs } = stats;
    if (!stats.isDirectory()) return [file, dev, ino, size, mtimeNs, ctimeNs].join(' ');
    const files = (await readdir(file)).filter(isDocument).sort();
    return (await Promise.all(files.map(name => signature(path.join(file, name))))).join('\n');
  } catch (error) {
    return `${file} ${(error as NodeJS.ErrnoException).code}`;
  }
}
