/**
 * What a reason code of a PUBACK, PUBREC or PUBCOMP means for the message: it is there, it never will be, or it may be another time.
 *
 * The question is who can change the answer. A quota is freed by time, so those are asked again for ever; so is a code that nobody has
 * described, for taking it as final would lose messages. An access rule or a bad topic is changed by a person, so those fail, and the
 * message is a dead letter. Where the server does not say why (unspecified, its own reason), or says what is no answer to a PUBLISH, it may
 * be either: asked again for about a minute, and then it fails, for nothing may stall what comes after.
 */
import type { Letter } from './outbox.ts';

export type PublishReaction = 'there' | 'unheard' | 'refused' | 'later' | 'unclear';

/** MQTT 5, 3.4.2.1, and codes of other packets that servers use all the same. */
const reactions: Readonly<Record<number, PublishReaction>> = {
  0: 'there',
  // No matching subscribers: the server has done its part, and says that nobody listens.
  16: 'unheard',
  128: 'unclear', // unspecified error
  131: 'unclear', // implementation specific error
  135: 'refused', // not authorised
  144: 'refused', // topic name invalid
  145: 'later', // packet identifier in use
  149: 'unclear', // packet too large
  151: 'later', // quota exceeded
  153: 'refused', // payload format invalid
  154: 'unclear', // retain not supported
  155: 'unclear', // QoS not supported
};

/** How often a refusal without a clear reason is asked about again: with the usual pauses for about a minute. */
export const unclearAttempts = 10;

/** Codes below 0x80 are a success, by the standard's numbering (MQTT 5, 2.4). */
export function reactionTo(reasonCode: number): PublishReaction {
  return reactions[reasonCode] ?? (reasonCode < 0x80 ? 'there' : 'later');
}

type Answered = Pick<Letter<unknown>, 'unclear' | 'overtook' | 'unheard' | 'releasedBefore'>;
type ClearReaction = Exclude<PublishReaction, 'unclear'>;

/** As `reactionTo`, where what is unclear is later or refused. It is not counted of a message that is sent again in any case. */
export function reactionFor(letter: Answered, reasonCode: number): ClearReaction {
  const reaction = reactionTo(reasonCode);
  if (reaction !== 'unclear') return reaction;
  return letter.overtook ? 'later' : unclear(letter);
}

/**
 * What a PUBCOMP means. A server that has had the PUBREL before may not know the identifier any more. Otherwise it lost what its PUBREC took, for
 * some pass a message on at PUBREL only: it is published again, and may come twice.
 */
export function reactionToEnd(letter: Answered, reasonCode: number): ClearReaction {
  const isOver = reasonCode < 0x80 || (reasonCode === identifierNotFound && letter.releasedBefore);
  if (!isOver) return unclear(letter);
  return letter.unheard ? 'unheard' : 'there';
}

const identifierNotFound = 0x92;

const unclear = (letter: Answered): ClearReaction => (++letter.unclear >= unclearAttempts ? 'refused' : 'later');
