/**
 * Reads of a page of metrics what the operator wants to know.
 *
 * Whoever runs a Pod decides what it answers: a redirection to anywhere, a line without an end, a page without an end. So nothing is followed, the page is read
 * as it comes, and of it only samples of these metrics are kept, up to a limit. Its time is the signal's.
 */
import { get } from 'node:http';

/** A bridge of hundreds of rules has some megabytes. */
const mostBytes = 8 * 2 ** 20;
/** Of samples that are wanted: one for each sink and reason, about 100 bytes each. */
const mostKept = 2 ** 20;
const longestLine = 16 * 2 ** 10;

/** What pod-figures.ts counts with. */
const wanted = /^mkb_(?:(?:messages|records)_[a-z_]+_total|(?:mqtt|kafka)_connected|config_(?:refused_)?hash)[{ ]/;

/** @throws when the page is none, or beyond a limit */
export async function readPage(url: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = get(url, { signal, agent: false }, response => {
    const lines = new WantedLines();
    const failed = (reason: string) => request.destroy(new Error(`${url}: ${reason}`));
    if (response.statusCode !== 200) failed(`HTTP ${response.statusCode}`);
    response.on('data', (chunk: Buffer) => {
      const excess = lines.add(chunk);
      if (excess !== undefined) failed(excess);
    });
    response.on('error', reject).once('end', () => resolve(lines.end()));
  });
  request.on('error', reject);
  try {
    return await promise;
  } finally {
    request.destroy();
  }
}

class WantedLines {
  #bytes = 0;
  #keptLength = 0;
  #kept: string[] = [];
  #begun = '';

  /** Returns which limit is exceeded. */
  add(chunk: Buffer): string | undefined {
    this.#bytes += chunk.length;
    if (this.#bytes > mostBytes) return `more than ${mostBytes} bytes`;
    const lines = (this.#begun + chunk.toString('latin1')).split('\n');
    this.#begun = lines.pop()!;
    for (const line of lines) this.#take(line);
    if (this.#begun.length > longestLine) return `a line of more than ${longestLine} bytes`;
    return this.#keptLength > mostKept ? `more than ${mostKept} bytes of samples` : undefined;
  }

  end(): string {
    this.#take(this.#begun);
    return this.#kept.join('\n');
  }

  #take(line: string): void {
    if (!wanted.test(line)) return;
    this.#keptLength += line.length;
    this.#kept.push(line);
  }
}
