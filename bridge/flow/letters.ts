/**
 * What cannot be delivered goes to the dead-letter topic: the message's bytes as the value, and the reason in headers.
 *
 * A dead letter that is itself too large for its topic is written again with the beginning of its value only, at last with none of it, and
 * says so: better a letter that can be read than a message that vanishes. If even that fails the message is dropped, counted and logged.
 */
import { MkbError } from '../../api/errors.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { Happening } from '../../rules/events.ts';
import { draft, type RecordDraft, type RecordHeader } from '../kafka/record.ts';
import type { Outcome } from './outcome.ts';

/** Headers that say why. Those of the message itself come before them, and where it came from behind them. */
export const letterHeaders = {
  code: 'mkb.error.code',
  message: 'mkb.error.message',
  rule: 'mkb.rule',
  ruleVersion: 'mkb.rule.version',
  sink: 'mkb.sink',
  version: 'mkb.version',
  time: 'mkb.time',
  truncatedFrom: 'mkb.truncated.from.bytes',
  rounds: 'mkb.replay.rounds',
} as const;

/** How much of a value is kept when the dead-letter topic does not take more. */
const keptBytes = [64 * 1024, 4 * 1024, 0];

/** What is left of a message that failed, as its source describes it. */
export interface Remains {
  readonly key: Buffer | undefined;
  readonly value: Buffer | undefined;
  /** Headers that it came with. */
  readonly headers?: readonly RecordHeader[];
  /** Where it came from, as headers. */
  readonly place?: readonly RecordHeader[];
  /** What an event says of it; undefined where a loss raises no event. */
  readonly facts?: Happening;
}

/** A topic of the Kafka sink that is no rule's: of dead letters, or of outcomes. */
export interface LetterBox {
  /** As those of the sink. */
  readonly full: boolean;
  readonly hasRoom: boolean;
  /** Whether it takes letters as they are, or not at all: somebody has the whole message. */
  readonly whole?: boolean;
  /** The token comes back as those of sinks do. */
  write(letter: RecordDraft, token: number): void;
  /** As that of a sink. */
  waiting(isOf: (token: number) => boolean): string | undefined;
  /** A group of letters may have been written. */
  readEnd(): void;
}

/** Why it failed, and where. */
export interface Failure {
  readonly rule: string;
  /** Which text of the rule it was. */
  readonly version: string;
  /** The sink of the rule, by its path in the rule; undefined if the rule itself failed. */
  readonly sink: string | undefined;
  readonly error: MkbError;
}

/** The dead letter. `now` is milliseconds since 1970. */
export function deadLetter(
  { key, value, headers = [], place = [] }: Remains,
  failure: Failure,
  now: number,
): RecordDraft {
  const all = [...headers, ...reasonHeaders(failure, now), ...place];
  const { error } = failure;
  if (MkbError.is(error, 'mqtt-packet-too-large') && error.details.payloadBytes > (value?.length ?? 0))
    all.push(truncated(error.details.payloadBytes));
  return draft({ key, value, timestamp: now, headers: all });
}

function reasonHeaders({ rule, version, sink, error }: Failure, now: number): RecordHeader[] {
  return [
    { name: letterHeaders.code, value: error.code },
    { name: letterHeaders.message, value: error.message },
    { name: letterHeaders.rule, value: rule },
    { name: letterHeaders.ruleVersion, value: version },
    ...(sink === undefined ? [] : [{ name: letterHeaders.sink, value: sink }]),
    { name: letterHeaders.version, value: packageJson.version },
    { name: letterHeaders.time, value: new Date(now).toISOString() },
  ];
}

/** The failure as an event, for rules that read `$events/message/...`. */
export function lossOf(
  facts: Happening,
  { rule, error }: Pick<Failure, 'error'> & { readonly rule: string | undefined },
  reason: Outcome,
): Happening {
  return { ...facts, reason, rule, error: error.code, error_message: error.message };
}

/** The same dead letter with less of its value; undefined if it has none any more. */
export function shortened(record: RecordDraft): RecordDraft | undefined {
  const bytes = record.valueEnd - record.valueStart;
  const kept = keptBytes.find(each => each < bytes);
  if (kept === undefined) return undefined;
  const again = record.headers.some(({ name }) => name === truncatedHeader);
  return draft({
    key: record.key,
    value: record.value?.subarray(0, kept),
    timestamp: record.timestamp,
    headers: again ? record.headers : [...record.headers, truncated(bytes)],
  });
}

const truncatedHeader = letterHeaders.truncatedFrom;

/** How many bytes the value had, of which only the beginning is left. */
function truncated(bytes: number): RecordHeader {
  return { name: truncatedHeader, value: String(bytes) };
}
