/**
 * A record of the dead-letter topic, as what it says: why a message failed, where it came from, and the message (flow/letters.ts).
 *
 * Anybody may write to that topic, and a message that failed may itself be a dead letter: so the reason is what stands last, headers before it are
 * those of the message, and a record without a reason is shown as one.
 */

import { letterHeaders } from '../flow/letters.ts';
import type { FetchedRecord } from '../kafka/consumer/batch-records.ts';

type Header = FetchedRecord['headers'][number];

export interface Letter {
  readonly partition: number;
  readonly offset: bigint;
  /** Of the record, milliseconds since 1970; -1 if it has none. */
  readonly timestamp: number;
  /** The key of the record that was to be written, or that was read. */
  readonly key: Buffer | undefined;
  /** The payload, or what is left of it. */
  readonly value: Buffer | undefined;
  /** Undefined for a record that is no dead letter. */
  readonly reason: Reason | undefined;
  readonly source: LetterSource;
  /** Headers that the message came with. */
  readonly headers: readonly Header[];
}

export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly rule: string;
  /** Undefined in letters of bridges that did not write it. */
  readonly ruleVersion: string | undefined;
  /** As `sinks[0].kafka`; undefined if the rule failed. */
  readonly sink: string | undefined;
  /** Of the bridge. */
  readonly version: string | undefined;
  /** How many bytes the payload had, of which only the beginning is left; undefined if it is whole. */
  readonly truncatedFrom: string | undefined;
  /** How often it was replayed before it failed this time. */
  readonly rounds: number;
}

/** Where a message came from. `other`: a row of a window or of an event, or a record that is no dead letter. */
export type LetterSource =
  | {
      readonly kind: 'mqtt';
      readonly topic: string;
      readonly qos: string | undefined;
      readonly retain: string | undefined;
      readonly clientid: string | undefined;
    }
  | {
      readonly kind: 'kafka';
      readonly topic: string;
      readonly partition: string | undefined;
      readonly offset: string | undefined;
    }
  | { readonly kind: 'other' };

export function letterOf(partition: number, { offset, timestamp, key, value, headers }: FetchedRecord): Letter {
  const at = headers.findLastIndex(([name]) => name === letterHeaders.code);
  const record = { partition, offset, timestamp, key, value };
  if (at < 0) return { ...record, reason: undefined, source: { kind: 'other' }, headers };
  const said = new Map(headers.slice(at).map(([name, content]) => [name, content?.toString() ?? '']));
  const reason: Reason = {
    code: said.get(letterHeaders.code)!,
    message: said.get(letterHeaders.message) ?? '',
    rule: said.get(letterHeaders.rule) ?? '',
    ruleVersion: said.get(letterHeaders.ruleVersion),
    sink: said.get(letterHeaders.sink),
    version: said.get(letterHeaders.version),
    truncatedFrom: said.get(letterHeaders.truncatedFrom),
    rounds: roundsOf(said.get(letterHeaders.rounds)),
  };
  return { ...record, reason, source: sourceOf(said), headers: headers.slice(0, at) };
}

/** Any program may write to the topic, and anything. */
const roundsOf = (text = ''): number => (/^\d{1,6}$/.test(text) ? Number(text) : 0);

function sourceOf(said: ReadonlyMap<string, string>): LetterSource {
  const mqtt = said.get('mqtt.topic');
  if (mqtt !== undefined)
    return {
      kind: 'mqtt',
      topic: mqtt,
      qos: said.get('mqtt.qos'),
      retain: said.get('mqtt.retain'),
      clientid: said.get('mqtt.clientid'),
    };
  const kafka = said.get('kafka.topic');
  if (kafka !== undefined)
    return {
      kind: 'kafka',
      topic: kafka,
      partition: said.get('kafka.partition'),
      offset: said.get('kafka.offset'),
    };
  return { kind: 'other' };
}

/** `3:1200`, as commands take it. */
export const placeOf = ({ partition, offset }: Pick<Letter, 'partition' | 'offset'>): string =>
  `${partition}:${offset}`;
