/**
 * What became of a message at those whom it was sent to, as a record of its own: `outcome` of an mqtt sink.
 *
 * The record is one more thing that is made of the source's message, so it holds that message's slot: the offset of a command is committed
 * when the record of its fate is in Kafka, and not before.
 */
import { encodeJson } from '../../rules/json.ts';
import { draft, type ProducerRecord, type RecordDraft } from '../kafka/record.ts';
import type { Remains } from './letters.ts';

export const fates = ['taken', 'nobody', 'answered', 'too_late', 'refused'] as const;

export interface Fate {
  readonly outcome: (typeof fates)[number];
  /** Why, where the outcome does not say it. */
  readonly reason?: string;
  /** Where it was sent to; undefined if no message could be made. */
  readonly topic?: string;
  readonly answer?: Answer;
}

export interface Answer {
  readonly payload: Buffer;
  /** How large it was, where only its beginning is here: the packet was larger than `mqtt.maximumPacketSize`. */
  readonly truncatedFrom: number | undefined;
  readonly contentType: string | undefined;
  readonly userProperties: readonly (readonly [name: string, value: string])[];
}

/** The record. @param now milliseconds since 1970 */
export function fateRecord({ key, place = [] }: Remains, rule: string, fate: Fate, now: number): RecordDraft {
  const { outcome, reason, topic, answer } = fate;
  // kafka.topic, kafka.partition and kafka.offset of a command.
  const from = Object.fromEntries(place.map(({ name, value }) => [name.replace('.', '_'), plain(String(value))]));
  const value = { outcome, reason, rule, topic, ...from, ...(answer && { answer: answerOf(answer) }) };
  return draft({
    key,
    value: Buffer.from(encodeJson(withoutGaps(value))),
    timestamp: now,
    headers: [{ name: 'mkb.outcome', value: outcome }, { name: 'mkb.rule', value: rule }, ...place],
  });
}

/** The same without what the answer says, for a topic that does not take it; undefined if there is nothing to leave out. */
export function shortenedFate({ value, ...record }: ProducerRecord): RecordDraft | undefined {
  const fate = JSON.parse(String(value));
  const { payload, payload_base64, user_properties, truncated_from_bytes: before, ...answer } = fate.answer ?? {};
  if (payload === undefined && payload_base64 === undefined && user_properties === undefined) return undefined;
  const said = payload === undefined ? Buffer.from(payload_base64 ?? '', 'base64') : Buffer.from(payload);
  const shorter = { ...fate, answer: { ...answer, truncated_from_bytes: before ?? said.length } };
  return draft({ ...record, value: Buffer.from(encodeJson(shorter)) });
}

/** Numbers as numbers, as far as JSON holds them exactly. */
const plain = (text: string): string | number =>
  /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;

/** The payload as text where it is text. */
function answerOf({ payload, truncatedFrom, contentType, userProperties }: Answer) {
  const text = payload.toString();
  const isText = Buffer.from(text).equals(payload);
  return withoutGaps({
    payload: isText ? text : undefined,
    payload_base64: isText ? undefined : payload.toString('base64'),
    truncated_from_bytes: truncatedFrom,
    content_type: contentType,
    user_properties: userProperties.length === 0 ? undefined : userProperties.map(([key, value]) => ({ key, value })),
  });
}

const withoutGaps = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never;
