/** Bytes as hexadecimal digits, and back. */
import { BitString } from '../bit-string.ts';
import { mustFit } from '../longest-text.ts';
import { Refusal, refuse } from '../refusal.ts';
import { bits, define, type FunctionEntry, optional, text } from './define.ts';

/** Upper case; bits that fill no whole number of digits get zeros in front. */
const toHex = (data: Buffer | BitString): string => {
  mustFit(data instanceof BitString ? data.length / 4 : 2 * data.length);
  const digits = (data instanceof BitString ? data.alignedToEnd() : data).toString('hex').toUpperCase();
  return data instanceof BitString ? digits.slice(digits.length - Math.ceil(data.length / 4)) : digits;
};

const fromHex = (digits: string): Buffer => {
  if (!/^[0-9a-fA-F]*$/.test(digits)) refuse('the text must be hexadecimal digits', digits);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
};

const withoutPrefix = (digits: string, prefix: string): string => {
  if (!digits.startsWith(prefix)) throw new Refusal(`the text must begin with ${prefix}`, { value: digits });
  return digits.slice(prefix.length);
};

export const hexFunctions: readonly FunctionEntry[] = [
  define({
    name: 'bin2hexstr',
    parameters: [bits('bytes'), optional(text('prefix'))],
    returns: 'text',
    description: 'The bytes as upper-case hexadecimal digits, after `prefix` if given.',
    examples: [
      ["bin2hexstr('az')", '617A'],
      ["bin2hexstr('az', '0x')", '0x617A'],
    ],
    call: ([data, prefix = '']) => prefix + toHex(data),
  }),
  define({
    name: 'hexstr2bin',
    parameters: [text('digits'), optional(text('prefix'))],
    returns: 'bytes',
    description:
      'The bytes that hexadecimal digits stand for; an odd number of digits gets a 0 in front. `prefix` must be there if given.',
    examples: [
      ["hexstr2bin('617A')", 'az'],
      ["hexstr2bin('0x617A', '0x')", 'az'],
    ],
    call: ([digits, prefix = '']) => fromHex(withoutPrefix(digits, prefix)),
  }),
  define({
    name: 'sqlserver_bin2hexstr',
    parameters: [bits('bytes')],
    returns: 'text',
    description: 'The bytes as SQL Server writes them: 0x and upper-case hexadecimal digits.',
    examples: [["sqlserver_bin2hexstr('az')", '0x617A']],
    call: ([data]) => `0x${toHex(data)}`,
  }),
];
