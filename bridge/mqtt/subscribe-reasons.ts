/**
 * What a reason code of SUBACK or UNSUBACK means (MQTT 5, 3.9.3 and 3.11.3): only what a person has to change is final.
 *
 * A code that is not in the table is retried and reported, like those that say "not now". MQTT 3.1.1 has one refusal, 0x80, and servers
 * give it for access rules; there it is final. (Later than the first success a final one is retried for a while: patience.ts.)
 */

export type RequestReaction =
  /** It is as we asked. */
  | 'done'
  /** At once, under another packet identifier. */
  | 'again'
  /** After a pause. */
  | 'later'
  /** At once, without a Subscription Identifier. */
  | 'plainly'
  /** Not before a person has changed something. */
  | 'refused';

const subackReactions: Readonly<Record<number, RequestReaction>> = {
  0: 'done',
  1: 'done',
  2: 'done',
  128: 'later', // unspecified error
  131: 'later', // implementation specific error
  135: 'refused', // not authorised
  143: 'refused', // topic filter invalid
  145: 'again', // packet identifier in use: some servers confuse our identifiers with theirs
  151: 'later', // quota exceeded
  158: 'refused', // shared subscriptions not supported
  161: 'plainly', // subscription identifiers not supported
  162: 'refused', // wildcard subscriptions not supported
};

const unsubackReactions: Readonly<Record<number, RequestReaction>> = {
  0: 'done',
  17: 'done', // no subscription existed
  128: 'later', // unspecified error
  131: 'later', // implementation specific error
  135: 'refused', // not authorised
  143: 'refused', // topic filter invalid
  145: 'again', // packet identifier in use
};

export function reactionToSuback(code: number, version: '5' | '3.1.1'): RequestReaction {
  if (version === '3.1.1' && code === 0x80) return 'refused';
  return subackReactions[code] ?? 'later';
}

export function reactionToUnsuback(code: number): RequestReaction {
  return unsubackReactions[code] ?? 'later';
}
