// A table was edited while the bridge ran. It went on with the old owners until somebody restarted it, or with none when the edit was broken.
import { mkdtemp, open, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import type { TableSection } from '../../../api/schema/tables.ts';
import { readRows } from '../../../bridge/tables/read-rows.ts';
import { TableFeeds } from '../../../bridge/tables/table-feeds.ts';
import { tablesOf } from '../../../rules/tables/tables.ts';
import { until } from '../../real/until.ts';

vi.mock('node:fs/promises', async original => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, open: vi.fn(real.open), stat: vi.fn(real.stat) };
});

let folder: string;
let file: string;
let feeds: TableFeeds;
let problems: MkbError[];

const section = (given: Partial<TableSection> = {}): TableSection => ({
  ...{ name: 'devices', file, key: 'vin', separator: ',', maxRows: 10, maxBytes: '1KiB' },
  ...given,
});

const start = (given: Partial<TableSection> = {}): Promise<void> => {
  feeds = new TableFeeds(tablesOf([section(given)]));
  return feeds.start({ problem: error => void problems.push(error), read: () => undefined });
};

const owner = () => (feeds.tables.find('devices')!.lookup('V1') as { owner?: string } | undefined)?.owner;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-tables-'));
  file = path.join(folder, 'devices.csv');
  problems = [];
});

afterEach(async () => {
  feeds?.close();
  await rm(folder, { recursive: true });
});

describe('a table of a file', () => {
  it('is there when start returns, and follows its file', async () => {
    await writeFile(file, 'vin,owner\nV1,Ada\n');
    await start();
    expect([owner(), feeds.missing(), feeds.figures[0]]).toMatchObject(['Ada', [], { rows: 1, failures: 0 }]);
    await writeFile(file, 'vin,owner\nV1,Grace\nV2,Alan\n');
    await until('the change', () => owner() === 'Grace');
    expect(feeds.figures[0]).toMatchObject({ rows: 2, failures: 0 });
  });

  it('stays as it was while its file is wrong, is gone, or is too large', async () => {
    await writeFile(file, 'vin,owner\nV1,Ada\n');
    await start();
    const breaks: [() => Promise<void>, string][] = [
      [() => writeFile(file, 'vin,owner\nV1,Eve\nV1,Eve\n'), 'table-invalid'],
      [() => writeFile(file, `vin,owner\nV1,${'x'.repeat(2000)}\n`), 'table-too-large'],
      [() => rm(file), 'table-unreadable'],
    ];
    for (const [breakIt, code] of breaks) {
      await breakIt();
      await until(code, () => problems.some(error => error.code === code));
      expect([owner(), feeds.missing()]).toEqual(['Ada', []]);
    }
    expect(feeds.figures[0]).toMatchObject({ rows: 1, failures: problems.length });
    expect(feeds.problems.map(({ code }) => code)).toEqual(['table-unreadable']);
    await writeFile(file, 'vin,owner\nV1,Grace\n');
    await until('the right file', () => owner() === 'Grace');
    expect(feeds.problems).toEqual([]);
  });

  it('is waited for while its file is missing or wrong at start, with the reason', async () => {
    let started = false;
    const starting = start().then(() => {
      started = true;
    });
    await until('a report', () => problems.length > 0);
    expect(feeds.missing()).toEqual([expect.stringMatching(/^rules wait for table devices: .*there is no such file$/)]);
    await writeFile(file, 'vin,owner\nV1\n');
    await until('the next report', () => problems.some(({ code }) => code === 'table-invalid'));
    expect(feeds.missing()).toEqual([expect.stringContaining('line 2: it has 1 values')]);
    expect(started).toBe(false);
    await writeFile(file, 'vin,owner\nV1,Ada\n');
    await starting;
    expect([owner(), feeds.missing()]).toEqual(['Ada', []]);
  });

  it('follows a link, as the volumes of Kubernetes change', async () => {
    for (const [name, text] of Object.entries({ a: 'Ada', b: 'Grace' }))
      await writeFile(path.join(folder, `${name}.csv`), `vin,owner\nV1,${text}\n`);
    await symlink(path.join(folder, 'a.csv'), file);
    await start();
    expect(owner()).toBe('Ada');
    await symlink(path.join(folder, 'b.csv'), `${file}.next`);
    await rename(`${file}.next`, file);
    await until('the other file', () => owner() === 'Grace');
  });

  it('is not waited for any more when the bridge stops', async () => {
    const starting = start();
    await until('a report', () => problems.length > 0);
    feeds.close();
    await starting;
    expect(feeds.tables.find('devices')!.rows).toBeUndefined();
  });
});

describe('what cannot be a table is refused with the reason', () => {
  it.each<[string, () => Promise<unknown>, string]>([
    ['a file that is not there', async () => undefined, 'there is no such file'],
    ['a folder', async () => (file = folder), 'it is no file'],
    ['an endless device', async () => (file = '/dev/zero'), 'it is no file'],
    ['a link to itself', async () => symlink(file, file), 'it cannot be opened (ELOOP)'],
    ['a name that is too long', async () => (file += 'x'.repeat(300)), 'it cannot be opened (ENAMETOOLONG)'],
    ['a part of the path that is a file', async () => (file = '/etc/hostname/x'), 'a part of its path is no folder'],
  ])('%s', async (_, prepare, reason) => {
    await prepare();
    await expect(readRows(section())).rejects.toMatchObject({
      code: 'table-unreadable',
      message: expect.stringContaining(reason),
    });
  });

  // As the system answers: whoever runs the tests may be allowed to read everything.
  it.each([
    ['EACCES', stat, 'this user may not read it'],
    ['EACCES', open, 'this user may not read it'],
    ['EPERM', open, 'this user may not read it'],
    ['EMFILE', open, 'it cannot be opened (EMFILE)'],
    ['EIO', open, 'it cannot be opened (EIO)'],
  ])('a file for which there is %s', async (code, call, reason) => {
    await writeFile(file, 'vin\n');
    vi.mocked<(path: string) => Promise<unknown>>(call as never).mockRejectedValueOnce(
      Object.assign(new Error(code), { code }),
    );
    await expect(readRows(section())).rejects.toMatchObject({
      ...{ code: 'table-unreadable', kind: 'retryable' },
      message: expect.stringContaining(reason),
    });
    expect((await readRows(section())).count).toBe(0);
  });

  it('bytes that are no UTF-8', async () => {
    await writeFile(file, Buffer.from('vin,owner\nV1,\xe4\n', 'latin1'));
    await expect(readRows(section())).rejects.toMatchObject({
      message: expect.stringContaining('line 2: it is not UTF-8 text'),
    });
  });
});
