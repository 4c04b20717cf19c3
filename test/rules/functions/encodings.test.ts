/** Cases from EMQX's documentation, "Built-in SQL Functions": Hashing, Compression and Decompression, Encoding and Decoding Functions; and edges. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Float } from '../../../rules/value.ts';
import { rowOf } from '../support/evaluate.ts';
import { fails, gives } from './cases.ts';

describe('hashes', () => {
  gives([
    ["md5('hello')", '5d41402abc4b2a76b9719d911017c592'],
    ["sha('hello')", 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d'],
    ["sha256('hello')", '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'],
    ["md5('')", 'd41d8cd98f00b204e9800998ecf8427e'],
    ["hash('sha1', 'hello')", 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d'],
    ["hash('sha', 'hello') = sha('hello')", true],
    ["strlen(hash('sha512', 'hello'))", 128],
    ["hash('sha3_256', 'abc')", '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532'],
    ["strlen(hash('blake2b', 'a'))", 128],
    ["strlen(md5(hexstr2bin('FF00')))", 32],
  ]);
  fails(["hash('sha9', 'a')", "hash('toString', 'a')", 'md5(5)', 'sha256(payload.missing)', "hash('md5', 5)"]);
});

describe('compression', () => {
  gives([
    ["gunzip(hexstr2bin('1F8B0800000000000013CB48CDC9C9070086A6103605000000'))", 'hello'],
    ["gunzip(gzip('hello'))", 'hello'],
    ["unzip(hexstr2bin('CB48CDC9C90700'))", 'hello'],
    ["bin2hexstr(zip('hello'))", 'CB48CDC9C90700'],
    ["bin2hexstr(zip_compress('hello'))", '789CCB48CDC9C90700062C0215'],
    ["zip_uncompress(hexstr2bin('789CCB48CDC9C90700062C0215'))", 'hello'],
    ["unzip(zip(''))", ''],
  ]);
  fails(["unzip('hello')", "gunzip('hello')", "zip_uncompress('')", 'zip(5)', 'gzip(payload.missing)']);

  test('what decompresses to more than 64 MiB is refused', () => {
    const bomb = Buffer.alloc(70 * 1024 * 1024);
    expect(() => rowOf('SELECT gunzip(gzip(payload)) AS v FROM "#"', { payload: bomb })).toThrow(
      /cannot be decompressed/,
    );
  });

  test('decompressing gives back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const sql =
          'SELECT unzip(zip(payload)) AS a, gunzip(gzip(payload)) AS b, zip_uncompress(zip_compress(payload)) AS c FROM "#"';
        const row = rowOf(sql, { payload: Buffer.from(bytes) });
        for (const name of ['a', 'b', 'c']) expect(row?.[name]).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 50 },
    );
  });
});

describe('base64', () => {
  gives([
    ["base64_decode('aGVsbG8=')", 'hello'],
    ["bin2hexstr(base64_decode('y0jN'))", 'CB48CD'],
    ["base64_encode('hello')", 'aGVsbG8='],
    ["base64_encode(hexstr2bin('CB48CD'))", 'y0jN'],
    ["base64_encode(hexstr2bin('FFFFFF'), 'urlsafe')", '____'],
    ["base64_encode(hexstr2bin('FBEF'), 'no_padding', 'urlsafe')", '--8'],
    ["base64_decode('aGVsbG8', 'no_padding')", 'hello'],
    ["base64_decode('aGVsbG8=', 'no_padding')", 'hello'],
    ["bin2hexstr(base64_decode('--8=', 'urlsafe'))", 'FBEF'],
    ["base64_decode(unescape('aGVs\\r\\nbG8='))", 'hello'],
    ["base64_decode('')", ''],
  ]);
  fails([
    "base64_decode('aGVsbG8')",
    "base64_decode('a')",
    "base64_decode('a', 'no_padding')",
    "base64_decode('--8=')",
    "base64_decode('a\\*==')",
    'base64_encode(5)',
    'base64_decode(payload.missing)',
    "base64_encode('a', 'wide')",
  ]);
});

describe('JSON', () => {
  gives([
    ["map_get('a', json_decode('{\"a\": 1}'))", 1],
    ['json_encode([1,2,3])', '[1,2,3]'],
    ["json_decode('2.0')", new Float(2)],
    ["json_encode(json_decode('12345678901234567890'))", '12345678901234567890'],
    ["json_encode('a')", '"a"'],
    ['json_encode([payload.missing])', '[null]'],
    ["json_decode('null')", null],
  ]);
  fails(["json_decode('')", "json_decode('{')", 'json_decode(5)', "json_encode(hexstr2bin('ff'))"]);
});

describe("Erlang's external terms", () => {
  gives([
    ['bin2hexstr(term_encode(1))', '836101'],
    ['bin2hexstr(term_encode(300))', '83620000012C'],
    ['bin2hexstr(term_encode(-1))', '8362FFFFFFFF'],
    ['bin2hexstr(term_encode(2147483648))', '836E040000000080'],
    ['bin2hexstr(term_encode(-2147483649))', '836E040101000080'],
    ['bin2hexstr(term_encode(12345678901234567890123))', '836E0A00CB444271764EB6429D02'],
    ['bin2hexstr(term_encode(1.5))', '83463FF8000000000000'],
    ["bin2hexstr(term_encode('abc'))", '836D00000003616263'],
    ["bin2hexstr(term_encode(subbits(hexstr2bin('A0'), 1, 3, 'bits')))", '834D0000000103A0'],
    ['bin2hexstr(term_encode([]))', '836A'],
    ['bin2hexstr(term_encode([1, 2]))', '836B00020102'],
    ['bin2hexstr(term_encode([1, 300]))', '836C000000026101620000012C6A'],
    ['bin2hexstr(term_encode(true))', '8364000474727565'],
    ['bin2hexstr(term_encode(payload.missing))', '83640009756E646566696E6564'],
    ['bin2hexstr(term_encode({b: 1, a: 2.0}))', '8374000000026D00000001614640000000000000006D00000001626101'],
    ["term_decode(hexstr2bin('8364000474727565'))", true],
    ["term_decode(hexstr2bin('8364000568656C6C6F'))", 'hello'],
    ["term_decode(hexstr2bin('8368026101730161'))", [1, 'a']],
    ["term_decode(hexstr2bin('836B00020102'))", [1, 2]],
    ["eq(term_decode(hexstr2bin('834D0000000103A0')), subbits(hexstr2bin('A0'), 1, 3, 'bits'))", true],
  ]);
  fails([
    "term_decode('')",
    "term_decode('abc')",
    "term_decode(hexstr2bin('83'))",
    "term_decode(hexstr2bin('836D000000FF61'))",
    "term_decode(hexstr2bin('83610161'))",
    "term_decode(hexstr2bin('8367'))",
    'term_decode(5)',
  ]);
});
