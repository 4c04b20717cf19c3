/**
 * What a reason code of a PUBACK means for the message: it is there, it never will be, or it may be another time.
 *
 * The question is who can change the answer. A quota is freed by time, so those are asked again for ever. An access rule or a bad
 * topic is changed by a person, so those fail, and the message is a dead letter. Where the server does not say why (unspecified, its own
 * reason) it may be either: asked again a few times, and then it fails, for nothing may stall what comes after.
 */

export type PublishReaction = 'there' | 'unheard' | 'refused' | 'later' | 'unclear';

const reactions: Readonly<Record<number, PublishReaction>> = {
  0: 'there',
  // No matching subscribers: the server has done its part, and tells that nobody listens.
  16: 'unheard',
  128: 'unclear', // unspecified error
  131: 'unclear', // implementation specific error
  135: 'refused', // not authorised
  144: 'refused', // topic name invalid
  145: 'later', // packet identifier in use
  151: 'later', // quota exceeded
  153: 'refused', // payload format invalid
};

/** How often a refusal without a reason is asked about again. */
export const unclearAttempts = 5;

/** MQTT 5, 3.4.2.1. A code that the standard does not name there is judged by its class: 0x80 and above is an error. */
export function reactionTo(reasonCode: number): PublishReaction {
  return reactions[reasonCode] ?? (reasonCode < 0x80 ? 'there' : 'unclear');
}
