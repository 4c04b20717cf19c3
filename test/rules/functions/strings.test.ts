/** Cases from EMQX's documentation, "Built-in SQL Functions": String Operation Functions; and edges around them. */
import { describe, expect, test } from 'vitest';
import { evaluate, fails, gives } from './cases.ts';

describe('case and white space', () => {
  gives([
    ["lower('Hello')", 'hello'],
    ["upper('hello')", 'HELLO'],
    ["upper('straße')", 'STRASSE'],
    ["lower('ΑΣ')", 'ασ'],
    ["trim(unescape('\\t  hello \\r\\n'))", 'hello'],
    ["ltrim(unescape('\\t  hello  \\n')) = unescape('hello  \\n')", true],
    ["rtrim(unescape('\\t  hello \\r\\n')) = unescape('\\t  hello')", true],
    ["rtrim('1.500', '0.')", '1.5'],
    ["trim('')", ''],
    ["trim('   ')", ''],
    ["bytesize(trim(unescape(' a\\xA0')))", 3],
    ['upper(true)', 'TRUE'],
  ]);
  fails(['lower(5)', 'upper(payload.missing)', 'trim(payload.nothing)', 'ltrim([1])', 'rtrim(1.5)'], { nothing: null });
});

describe('parts of text', () => {
  gives([
    ["substr('hello', 0)", 'hello'],
    ["substr('hello world', 6)", 'world'],
    ["substr('hello world!', 6, 5)", 'world'],
    ["substr('hello', 9)", ''],
    ["substr('hello', 1, 0)", ''],
    ["substr('👩‍👩‍👧ab', 1, 1)", 'a'],
    ["split('a;', ';')", ['a']],
    ["split('a;b;c', ';')", ['a', 'b', 'c']],
    ["split('a;;b;;c', ';')", ['a', 'b', 'c']],
    ["split('Sienna Blake; Howell Wise', ';')", ['Sienna Blake', ' Howell Wise']],
    ["split('Sienna Blake; Howell Wise', '; ')", ['Sienna Blake', 'Howell Wise']],
    ["split('a;;b;;c', ';', 'notrim')", ['a', '', 'b', '', 'c']],
    ["split('a;b;c', ';', 'leading')", ['a', 'b;c']],
    ["split('a;b;c', ';', 'trailing')", ['a;b', 'c']],
    ["split(';a;b;c', ';', 'leading_notrim')", ['', 'a;b;c']],
    ["split('a;b;c;', ';', 'trailing_notrim')", ['a;b;c', '']],
    ["split('', '/', 'notrim')", ['']],
    ["split('', '/')", []],
    ["tokens('a,b;c,d', ',;')", ['a', 'b', 'c', 'd']],
    ["tokens('a;;b', ';')", ['a', 'b']],
    ["tokens(unescape('a\\rb\\nc\\r\\nd'), ';', 'nocrlf')", ['a', 'b', 'c', 'd']],
    ["tokens(' /a/ b /c', ' /')", ['a', 'b', 'c']],
    ["tokens('哈哈, 你好', ', ')", ['哈哈', '你好']],
    ["tokens('/', '/')", []],
    ["find('..., Value: 1.2', 'Value:')", 'Value: 1.2'],
    ["find('..., Value: 1.2', 'Data')", ''],
    ["find('Front, Middle, End', ', ', 'leading')", ', Middle, End'],
    ["find('Front, Middle, End', ', ', 'trailing')", ', End'],
    ["find('abc', '')", 'abc'],
    ["find('', 'c')", ''],
    ["ascii('a')", 97],
    ["ascii('ü')", 195],
    ["rm_prefix('foo/bar', 'foo/')", 'bar'],
    ["rm_prefix('foo/bar', 'xxx/')", 'foo/bar'],
    ["strlen('hello')", 5],
    ["strlen(unescape('hello\\n'))", 6],
    ["strlen('你好')", 2],
    ["reverse('hello')", 'olleh'],
    ["reverse('a👩‍👩‍👧')", '👩‍👩‍👧a'],
  ]);
  fails([
    "substr('abc', -1)",
    "substr('abc', 1, -1)",
    "substr('abc', '1')",
    "split('a', ',', 'sideways')",
    "tokens('a', ',', 'crlf')",
    "find('a', 'a', 'middle')",
    "ascii('')",
    'ascii(97)',
    'reverse(12)',
    'strlen(5)',
    'rm_prefix(5, 5)',
  ]);
});

describe('text put together', () => {
  gives(
    [
      ["concat('Name:', 'John')", 'Name:John'],
      ["concat('a', payload.missing)", 'aundefined'],
      ['concat([1, payload.nothing])', '1null'],
      ["join_to_string(', ', ['a', 'b', 'c'])", 'a, b, c'],
      ["join_to_string(',', [])", ''],
      ["join_to_string(['a', 1.50, true])", 'a, 1.5, true'],
      ["join_to_string('-', [[1, 2], payload.missing])", '[1,2]-undefined'],
      ["join_to_sql_values_string(['a', 'b', 'c'])", "'a', 'b', 'c'"],
      ["join_to_sql_values_string([1, 'c', [97, 98], json_decode('{\"a\": 1}')])", `1, 'c', '[97,98]', '{"a":1}'`],
      ['join_to_sql_values_string([])', ''],
      [
        'join_to_sql_values_string([payload.missing, payload.nothing, true, payload.quoted])',
        "NULL, 'null', 'true', 'it\\'s \\\\'",
      ],
      ["pad('hello', 8)", 'hello   '],
      ["pad('hello', 8, 'leading')", '   hello'],
      ["pad('hello', 8, 'trailing')", 'hello   '],
      ["pad('hello', 8, 'both')", ' hello  '],
      ["pad('hello', 8, 'trailing', '!')", 'hello!!!'],
      ["pad('hello', 8, 'trailing', 'abc')", 'helloabcabcabc'],
      ["pad('abc', 5, 'both', 'ex')", 'exabcex'],
      ["pad('abc', 0)", 'abc'],
      ["pad('abc', -5, 'both')", 'abc'],
      ["pad('你', 3, 'leading', '*')", '**你'],
      ["replace('ab..cd..ef', '..', '**')", 'ab**cd**ef'],
      ["replace('ab..cd..ef', '..', '')", 'abcdef'],
      ["replace('ab..cd..ef', '..', '**', 'leading')", 'ab**cd..ef'],
      ["replace('ab..cd..ef', '..', '**', 'trailing')", 'ab..cd**ef'],
      ["replace('a.b', '.', '&')", 'a&b'],
    ],
    { nothing: null, quoted: "it's \\" },
  );
  fails([
    "pad('a', 100000000)",
    "pad('a', 3, 'centre')",
    "pad('a', 3.0)",
    "join_to_string(',', 'a')",
    "join_to_string('a')",
    "join_to_string(1, ['a'])",
    "join_to_sql_values_string('a')",
    "replace('a', 'a', 5)",
    "replace('a', 'a', 'b', 'first')",
  ]);
});

describe('escapes', () => {
  gives([
    ["unescape('Hello, World!')", 'Hello, World!'],
    ["unescape('\\x41\\x42\\x43')", 'ABC'],
    ["unescape('\\x0041')", 'A'],
    ["unescape('Hello, \\x57orld!')", 'Hello, World!'],
    ["unescape('Hello, \\x00004E16\\x0000754C')", 'Hello, 世界'],
    ["unescape('end\\')", 'end\\'],
    ["bin2hexstr(unescape('\\n\\t\\r\\b\\f\\v\\a\\\\\\?'))", '0A090D080C0B075C3F'],
    [`bin2hexstr(unescape('\\"'))`, '22'],
  ]);
  fails(["unescape('\\L')", "unescape('\\xG1')", "unescape('\\x11000000')", "unescape('\\xD800')", 'unescape(5)']);

  test('an escaped quote is that quote', () => {
    expect(evaluate('unescape(payload)', "it\\'s")).toBe("it's");
  });
});
