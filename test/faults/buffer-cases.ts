/** Buffers in all their modes, and what is done while messages wait in them. */
import { type Fault, kafkaCutAtRandom, kafkaKilled, kafkaSlowed } from './faults.ts';
import { proving } from './proof/prove.ts';

export interface BufferCase {
  readonly qos: 0 | 1;
  /** `delivery.buffer`, but for its path. */
  readonly buffer: {
    readonly mode: 'memory' | 'disk';
    readonly fsync?: 'always' | 'interval';
    readonly whenFull: 'block' | 'dropOldest' | 'dropNewest';
    readonly maxBytes: string;
    readonly maxAge?: string;
  };
  readonly fault: Fault;
  /** Of the disk; unlimited when left out. */
  readonly diskBytes?: number;
  /** Whether the clock goes an hour back, and then ahead, meanwhile. */
  readonly clockJumps?: boolean;
}

export const described = ({ mode, fsync, whenFull }: BufferCase['buffer']): string =>
  [mode, ...(fsync === undefined ? [] : [`fsync: ${fsync}`]), `whenFull: ${whenFull}`].join(', ');

const modes = [{ mode: 'memory' }, { mode: 'disk', fsync: 'always' }, { mode: 'disk', fsync: 'interval' }] as const;
/** What `block` does not read at QoS 0 a broker drops, and nobody counts it. */
const whenFulls = { 0: ['dropOldest', 'dropNewest'], 1: ['block', 'dropOldest', 'dropNewest'] } as const;
/** Less than the messages of a run. */
const small = '1MiB';
const large = '64MiB';

const everyMode: readonly BufferCase[] = modes.flatMap(mode =>
  ([0, 1] as const).flatMap(qos =>
    whenFulls[qos].map(whenFull => ({
      qos,
      buffer: { ...mode, whenFull, maxBytes: small },
      fault: kafkaKilled,
    })),
  ),
);

const during = (fault: Fault, what: string): Fault => ({ ...fault, name: `${fault.name}, ${what}` });
const onDisk = { mode: 'disk', fsync: 'always', whenFull: 'block', maxBytes: large } as const;

/** Needs what `smallDisk` needs. */
export const fullDisk: BufferCase = {
  qos: 1,
  buffer: onDisk,
  fault: during(kafkaKilled, 'and the disk is full meanwhile'),
  diskBytes: 2 * 1024 * 1024,
};

/** Needs what `settableClock` needs. */
export const jumpingClock: BufferCase = {
  qos: 1,
  buffer: { ...onDisk, maxAge: '1d' },
  fault: during(kafkaKilled, 'and the clock goes an hour back and then ahead meanwhile'),
  clockJumps: true,
};

const others: readonly BufferCase[] = [kafkaSlowed, kafkaCutAtRandom].flatMap(fault => [
  { qos: 1, buffer: onDisk, fault },
  { qos: 0, buffer: { mode: 'memory', whenFull: 'dropNewest', maxBytes: large }, fault },
]);

/** One of each kind in a run of seconds. */
const usual = everyMode.filter((_, index) => [0, 8].includes(index));

export const allBufferCases: readonly BufferCase[] = [...everyMode, ...others, fullDisk, jumpingClock];
export const bufferCases: readonly BufferCase[] = proving ? [...everyMode, ...others] : usual;
