/**
 * What may be published, to any server.
 *
 * A string of MQTT is UTF-8 of at most 65,535 bytes without U+0000 [MQTT-1.5.4-1 and 2]. Control characters and code points that are no
 * characters are allowed to it and to be avoided: servers end the connection because of them (Mosquitto does), and with it what others
 * wait for. So all of that is refused before it is sent. It is looked at in one place, `publicationProblem`, for all that publish.
 */
import { isUtf8 } from 'node:buffer';
import { MkbError } from '../../../api/errors.ts';
import { remainingLength } from './packet-size.ts';
import type { Publication } from './publication.ts';

const longestString = 65_535;
/** The largest remaining length that a packet can say (MQTT 5, 1.5.5). */
const largestPacket = 268_435_455;

/** What no string of MQTT should hold: lone surrogates, control characters, and code points that are no characters. */
const unwanted = /[\p{Cs}\p{Cc}\p{Noncharacter_Code_Point}]/u;

/** What is wrong with a string of MQTT, as in "it has ..."; undefined if nothing is. */
export function stringProblem(text: string): string | undefined {
  // No character is less than a byte, and none more than three.
  if (3 * text.length > longestString && Buffer.byteLength(text) > longestString)
    return `it has ${Buffer.byteLength(text)} bytes, and MQTT allows ${longestString}`;
  const found = unwanted.exec(text)?.[0];
  if (found === undefined) return undefined;
  return `it has the character U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** What is wrong with the name of a topic to publish to; undefined if nothing is [MQTT-3.3.2-2] [MQTT-4.7.3-1 to 3]. */
export function topicProblem(topic: string): string | undefined {
  if (topic === '') return 'it is empty';
  if (/[+#]/.test(topic)) return 'it has a wildcard, + or #';
  // Servers drop these without a word, or take them for their own.
  const own = /^\$(SYS|share|queue)(\/|$)/.exec(topic)?.[1];
  if (own !== undefined) return `$${own} belongs to the server`;
  return stringProblem(topic);
}

/** Why the message cannot be sent to any server; undefined if it can. */
export function publicationProblem(publication: Publication): MkbError | undefined {
  const { topic } = publication;
  const problem = topicProblem(topic);
  if (problem !== undefined) return new MkbError('mqtt-topic-invalid', { topic, reason: problem });
  for (const [property, reason] of propertyProblems(publication))
    if (reason !== undefined) return new MkbError('mqtt-property-invalid', { property, topic, reason });
  const expirySeconds = publication.expiry?.seconds;
  const bytes = remainingLength(publication, { version: '5', expirySeconds }, true);
  if (bytes > largestPacket)
    return new MkbError('mqtt-publish-too-large', { topic, bytes, limit: largestPacket, url: undefined });
  return undefined;
}

/** What is wrong with each property; undefined for one that can be sent. */
function* propertyProblems(publication: Publication): Iterable<[property: string, reason: string | undefined]> {
  const { userProperties, contentType, responseTopic, correlationData, payloadFormat, payload } = publication;
  for (const [name, value] of userProperties)
    yield [`user property ${JSON.stringify(name.slice(0, 200))}`, stringProblem(name) ?? stringProblem(value)];
  if (contentType !== undefined) yield ['content type', stringProblem(contentType)];
  // An answer is published there [MQTT-3.3.2-14].
  if (responseTopic !== undefined) yield ['response topic', topicProblem(responseTopic)];
  if (correlationData !== undefined && correlationData.length > longestString)
    yield ['correlation data', `it has ${correlationData.length} bytes, and MQTT allows ${longestString}`];
  if (payloadFormat === 1 && !isUtf8(payload)) yield ['payload format utf8', 'the payload is not UTF-8'];
}
