/**
 * What goes wrong on request. A fault is `NAME:PROBABILITY[:DETAIL]`, and the probability is that of each turn of each vehicle:
 *
 *     dropout:0.01[:10s]   the vehicle loses its connection without a DISCONNECT, and is away for this long (10s)
 *     malformed:0.001      the payload ends in the middle: no JSON any more
 *     burst:0.01[:20]      20 messages at once, their timestamps a millisecond apart
 */
import { MkbError } from '../../api/errors.ts';
import { durationMs } from '../../api/units.ts';
import { faultGrammar } from './defaults.ts';
import { Random } from './random.ts';

export interface Faults {
  readonly dropout?: { readonly probability: number; readonly awayMs: number };
  readonly malformed?: { readonly probability: number };
  readonly burst?: { readonly probability: number; readonly count: number };
}

/** Several faults from their texts; of two of one name the later counts. Throws `option-invalid`. */
export const parseFaults = (texts: readonly string[]): Faults =>
  Object.fromEntries(texts.flatMap(text => Object.entries(parseFault(text)))) as Faults;

const parseFault = (text: string): Faults => {
  const invalid = (cause?: unknown) =>
    new MkbError('option-invalid', { option: '--fault', found: text, allowed: faultGrammar }, { cause });
  const [name, chance = '', detail, ...rest] = text.split(':');
  const probability = Number(chance);
  const isChance = /^[0-9.]+$/.test(chance) && probability >= 0 && probability <= 1;
  if (!isChance || rest.length > 0) throw invalid();
  if (name === 'malformed' && detail === undefined) return { malformed: { probability } };
  if (name === 'burst' && /^[0-9]{1,4}$/.test(detail ?? '20')) {
    const count = Number(detail ?? 20);
    if (count >= 2 && count <= 1000) return { burst: { probability, count } };
  }
  if (name === 'dropout') return { dropout: { probability, awayMs: awayMs(detail ?? '10s', invalid) } };
  throw invalid();
};

const awayMs = (text: string, invalid: (cause: unknown) => Error): number => {
  try {
    return durationMs(text);
  } catch (error) {
    throw invalid(error);
  }
};

/** What happens in one turn of one vehicle. */
export interface Turn {
  /** 0 for none. */
  readonly awayMs: number;
  /** How many messages, 1 unless in a burst. */
  readonly count: number;
  /** How much of the payload is left, a share below 1, or 1 for all of it. */
  readonly share: number;
}

const undisturbed: Turn = { awayMs: 0, count: 1, share: 1 };

/** Decides for one vehicle, turn by turn: the same turns for the same seed. */
export const faultDice = (faults: Faults, seed: number | string, vehicle: number): (() => Turn) => {
  const { dropout, malformed, burst } = faults;
  if (!dropout && !malformed && !burst) return () => undisturbed;
  const random = new Random(seed, `vehicle ${vehicle} faults`);
  return () => {
    const away = random.chance(dropout?.probability ?? 0);
    const many = random.chance(burst?.probability ?? 0);
    const cut = random.chance(malformed?.probability ?? 0);
    return {
      awayMs: away ? dropout!.awayMs : 0,
      count: many ? burst!.count : 1,
      share: cut ? random.between(0.1, 0.9) : 1,
    };
  };
};
