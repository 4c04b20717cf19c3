/** A live message as one line for a person. What publishers wrote must not move a terminal's cursor. */
import type { ShownBytes } from '../../bridge/tap/shown-bytes.ts';
import type { TappedMessage } from '../../bridge/tap/tapped-message.ts';
import { oneLine } from '../dead-letters-text.ts';

/** A message of /-/tap. */
export interface LiveMessage extends TappedMessage {
  readonly bridge: string;
}

export interface LineShape {
  /** Whether lines say which bridge. */
  readonly bridges: boolean;
  /** At which line ends; undefined for never. */
  readonly columns: number | undefined;
}

/** Lines are printed as messages come: columns are as wide as most texts, and a longer one moves its own line only. */
const widths = { bridge: 12, point: 14, topic: 24 };

export function tapLine(message: LiveMessage, { bridges, columns }: LineShape): string {
  const { time, bridge } = message;
  const cells = [
    clock(time),
    ...(bridges ? [bridge.padEnd(widths.bridge)] : []),
    pointOf(message).padEnd(widths.point),
    topicOf(message).padEnd(widths.topic),
    ...factsOf(message),
    contentOf(message),
  ];
  const line = oneLine(cells.join('  ').trimEnd());
  // What is cut are characters, and no halves of them.
  return columns === undefined || line.length <= columns ? line : `${[...line].slice(0, columns - 1).join('')}…`;
}

/** The time of day here. */
function clock(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  return `${day}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** A sink by its rule: several write at one point. */
const pointOf = ({ point, rule }: TappedMessage): string =>
  point === 'sink' && rule !== undefined ? `sink:${rule}` : point;

function topicOf({ point, topic, event, partition, offset }: TappedMessage): string {
  const name = topic ?? event ?? '-';
  const place = partition === undefined ? '' : ` ${partition}:${offset}`;
  return `${point === 'sink' ? '-> ' : ''}${name}${place}`;
}

function factsOf({ key, qos, retain, error, outcome }: TappedMessage): string[] {
  return [
    ...(qos === undefined || qos === 0 ? [] : [`qos=${qos}`]),
    ...(retain ? ['retain'] : []),
    ...(key === undefined ? [] : [`key=${shown(key)}`]),
    ...(error === undefined ? [] : [`${outcome}: ${error}`]),
  ];
}

const contentOf = ({ row, payload, reason }: TappedMessage): string => {
  const content = row ?? payload;
  return content === undefined ? (reason ?? '') : shown(content);
};

/** Text as it is; bytes that are none with the mark that payloads of tests have as well. */
function shown({ bytes, text, base64, cut }: ShownBytes): string {
  const begin = text ?? (base64 === undefined ? '' : `base64:${base64}`);
  return cut || text === undefined ? `${begin}${cut ? '…' : ''} (${bytes} bytes)` : begin;
}
