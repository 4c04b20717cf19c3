/** Digests, as lower-case hexadecimal digits. */
import { createHash, getHashes } from 'node:crypto';
import { integer as integerOf } from '../numbers.ts';
import { Refusal } from '../refusal.ts';
import { bytes, custom, define, type FunctionEntry, integer, text } from './define.ts';

/** EMQX's names that OpenSSL calls otherwise. */
const renamed: Readonly<Record<string, string>> = {
  ...{ sha: 'sha1', blake2b: 'blake2b512', blake2s: 'blake2s256', ripemd160: 'rmd160' },
  ...{ sha3_224: 'sha3-224', sha3_256: 'sha3-256', sha3_384: 'sha3-384', sha3_512: 'sha3-512' },
  ...{ sha512_224: 'sha512-224', sha512_256: 'sha512-256' },
};

const names = ['md5', 'sha', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'ripemd160', 'blake2b', 'blake2s', 'sm3'];
const known: ReadonlySet<string> = new Set([...names, ...Object.keys(renamed)]);
const available: ReadonlySet<string> = new Set(getHashes().map(name => name.toLowerCase()));

const algorithm = custom('algorithm', 'text', value => {
  const name = text('algorithm').read(value);
  const digest = Object.hasOwn(renamed, name) ? renamed[name] : name;
  if (known.has(name) && digest !== undefined && available.has(digest)) return digest;
  throw new Refusal(`there is no digest ${name}; take one of ${[...known].join(', ')}`);
});

const digestOf = (name: string, data: Buffer): string => createHash(name).update(data).digest('hex');

const digest = (name: string, openSslName: string, example: string): FunctionEntry =>
  define({
    name,
    parameters: [bytes('data')],
    returns: 'text',
    description: `The ${openSslName.toUpperCase()} digest as lower-case hexadecimal digits.`,
    examples: [[`${name}('abc')`, example]],
    call: ([data]) => digestOf(openSslName, data),
  });

export const hashFunctions: readonly FunctionEntry[] = [
  digest('md5', 'md5', '900150983cd24fb0d6963f7d28e17f72'),
  digest('sha', 'sha1', 'a9993e364706816aba3e25717850c26c9cd0d89d'),
  digest('sha256', 'sha256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'),
  define({
    name: 'hash',
    parameters: [algorithm, bytes('data')],
    returns: 'text',
    description: `A digest as lower-case hexadecimal digits; \`algorithm\` is one of ${[...known].join(', ')}.`,
    examples: [["hash('sha224', 'abc')", '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7']],
    call: ([name, data]) => digestOf(name, data),
  }),
  define({
    name: 'hash_to_range',
    parameters: [bytes('data'), integer('least'), integer('most')],
    returns: 'integer',
    description:
      'A whole number from `least` to `most`, both included, that the data alone decides (SHA-256, modulo how many there are): a shard, or a share of devices, as `hash_to_range` of EMQX.',
    examples: [["hash_to_range('device-7', 1, 10)", 8]],
    call: ([data, least, most]) => {
      if (least > most) throw new Refusal(`there is no number from ${least} to ${most}`);
      const count = BigInt(most) - BigInt(least) + 1n;
      return integerOf(BigInt(least) + (BigInt(`0x${digestOf('sha256', data)}`) % count));
    },
  }),
];
