/** Cases from EMQX's documentation, "Built-in SQL Functions": Bit Sequence Operation Functions; and edges around them. */
import { describe } from 'vitest';
import { fails, gives } from './cases.ts';

const bytes = "hexstr2bin('9F4E58')";

describe('subbits', () => {
  gives([
    [`subbits(${bytes}, 8)`, 159],
    [`subbits(${bytes}, 16)`, 40_782],
    ["subbits(base64_decode('n05Y'), 8)", 159],
    [`subbits(${bytes}, 1, 8)`, 159],
    [`subbits(${bytes}, 9, 8)`, 78],
    [`subbits(${bytes}, 9, 4)`, 4],
    [`subbits(${bytes}, 1, 16, 'integer', 'unsigned', 'big')`, 40_782],
    [`subbits(${bytes}, 1, 16, 'integer', 'signed', 'big')`, -24_754],
    [`subbits(${bytes}, 1, 16, 'integer', 'unsigned', 'little')`, 20_127],
    [`subbits(${bytes}, 1, 16, 'float', 'unsigned', 'big')`, -0.00713348388671875],
    [`subbits(${bytes}, 1, 16, 'float', 'signed', 'big')`, -0.00713348388671875],
    [`subbits(${bytes}, 1, 12, 'integer', 'unsigned', 'little')`, 1183],
    [`subbits(${bytes}, 21, 100)`, 8],
    [`subbits(${bytes}, 3, 0)`, 0],
    [`subbits(${bytes}, 25, 1)`, undefined],
    [`subbits(${bytes}, 0, 1)`, undefined],
    [`subbits(${bytes}, -3, 1)`, undefined],
    ["subbits('', 8)", undefined],
    ["subbits(hexstr2bin('FFFFFFFFFFFFFFFF'), 64)", 18_446_744_073_709_551_615n],
    ["subbits(hexstr2bin('FFFFFFFFFFFFFFFF'), 1, 64, 'integer', 'signed')", -1],
  ]);
  fails([
    `subbits(${bytes}, 1, 12, 'float')`,
    `subbits(${bytes}, 1, 8, 'text')`,
    `subbits(${bytes}, 1, 8, 'integer', 'sometimes')`,
    `subbits(${bytes}, 1, -1)`,
    'subbits(5, 1)',
    'subbits(payload.missing, 1)',
  ]);
});

describe('bits that fill no bytes', () => {
  gives([
    [`bin2hexstr(subbits(${bytes}, 1, 6, 'bits', 'unsigned', 'big'))`, '27'],
    [`bin2hexstr(subbits(${bytes}, 1, 4, 'bits'))`, '9'],
    [`bin2hexstr(subbits(${bytes}, 1, 3, 'bits'))`, '4'],
    [`bin2hexstr(subbits(${bytes}, 1, 9, 'bits'))`, '13E'],
    [`bin2hexstr(subbits(${bytes}, 1, 16, 'bits'))`, '9F4E'],
    [`sqlserver_bin2hexstr(subbits(${bytes}, 1, 12, 'bits'))`, '0x9F4'],
    [`subbits(subbits(${bytes}, 1, 12, 'bits'), 5, 8)`, 0xf4],
    [`bitsize(subbits(${bytes}, 1, 13, 'bits'))`, 13],
    [`is_str(subbits(${bytes}, 1, 13, 'bits'))`, false],
    [`is_map(subbits(${bytes}, 1, 13, 'bits'))`, false],
    [`eq(subbits(${bytes}, 1, 4, 'bits'), subbits(${bytes}, 1, 4, 'bits'))`, true],
    [`eq(subbits(${bytes}, 1, 4, 'bits'), subbits(${bytes}, 1, 5, 'bits'))`, false],
    [`subbits(${bytes}, 1, 4, 'bits') < subbits(${bytes}, 1, 5, 'bits')`, true],
    [`sprintf('~w', subbits(${bytes}, 1, 12, 'bits'))`, '<<159,4:4>>'],
  ]);
  fails([
    `str(subbits(${bytes}, 1, 6, 'bits'))`,
    `lower(subbits(${bytes}, 1, 6, 'bits'))`,
    `base64_encode(subbits(${bytes}, 1, 6, 'bits'))`,
  ]);
});

describe('sizes', () => {
  gives([
    ["bitsize('abc')", 24],
    ["bitsize('你好')", 48],
    ["bytesize('abc')", 3],
    ["bytesize('你好')", 6],
    ["bytesize('')", 0],
    ["bytesize([1, 2, 'ab', ['c']])", 5],
  ]);
  fails(['bytesize(5)', 'bytesize([300])', 'bitsize(5)', 'bytesize(payload.missing)']);
});
