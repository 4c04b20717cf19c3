/**
 * Why an MQTT server refuses or ends something, and what that means for us: one table for CONNACK, SUBACK and DISCONNECT of
 * MQTT 5, and one for the return codes of MQTT 3.1.1.
 *
 * A row names the entry of api/errors.ts that it becomes; retryable or permanent, and the remedy, are that entry's. The sorting
 * asks one question: can the same CONNECT succeed later with nothing changed by a person?
 */
import { type ErrorCode, MkbError } from '../../api/errors.ts';

/** The errors whose details are a `reason` in words. */
export type ReasonError = Extract<
  ErrorCode,
  | 'mqtt-not-authorised'
  | 'mqtt-session-taken-over'
  | 'mqtt-client-id-refused'
  | 'mqtt-version-unsupported'
  | 'mqtt-server-busy'
  | 'mqtt-server-moved'
  | 'mqtt-disconnected'
  | 'mqtt-refused'
>;

export interface Reason {
  /** The standard's name for it. */
  readonly name: string;
  /** What the server means by it, for a person. */
  readonly meaning: string;
  readonly error: ReasonError;
}

const reason = (name: string, error: ReasonError, meaning: string): Reason => ({ name, meaning, error });

/** MQTT 5, 2.4: reason codes of 0x80 and above, and those below that a DISCONNECT of a server may carry. */
export const reasons: Readonly<Record<number, Reason>> = {
  0: reason('normal disconnection', 'mqtt-disconnected', 'the server closed the connection without a complaint'),
  128: reason('unspecified error', 'mqtt-disconnected', 'the server does not say what is wrong'),
  129: reason('malformed packet', 'mqtt-disconnected', 'the server could not read a packet of ours'),
  130: reason('protocol error', 'mqtt-disconnected', 'the server did not expect a packet of ours'),
  131: reason('implementation specific error', 'mqtt-disconnected', 'the server has a reason of its own'),
  132: reason('unsupported protocol version', 'mqtt-version-unsupported', 'it does not speak MQTT 5'),
  133: reason('client identifier not valid', 'mqtt-client-id-refused', 'it does not allow this client id'),
  134: reason('bad user name or password', 'mqtt-not-authorised', 'the user name or the password is wrong'),
  135: reason('not authorised', 'mqtt-not-authorised', 'its access rules do not allow this client'),
  136: reason('server unavailable', 'mqtt-server-busy', 'it is not ready to serve'),
  137: reason('server busy', 'mqtt-server-busy', 'it has too much to do'),
  138: reason('banned', 'mqtt-refused', 'this client is banned; a person or a ban period has to lift it'),
  139: reason('server shutting down', 'mqtt-server-busy', 'it is being stopped'),
  140: reason('bad authentication method', 'mqtt-not-authorised', 'it wants another way of authentication'),
  141: reason('keep alive timeout', 'mqtt-disconnected', 'it heard nothing from us for 1.5 times the keep-alive'),
  142: reason('session taken over', 'mqtt-session-taken-over', 'another connection uses the same client id'),
  143: reason('topic filter invalid', 'mqtt-refused', 'it does not accept a topic filter'),
  144: reason('topic name invalid', 'mqtt-refused', 'it does not accept a topic name'),
  145: reason('packet identifier in use', 'mqtt-disconnected', 'it still waits for an answer with this identifier'),
  146: reason('packet identifier not found', 'mqtt-disconnected', 'it does not know an identifier that we used'),
  147: reason('receive maximum exceeded', 'mqtt-disconnected', 'it counts too many unacknowledged messages'),
  148: reason('topic alias invalid', 'mqtt-disconnected', 'it does not know a topic alias'),
  149: reason('packet too large', 'mqtt-refused', 'a packet of ours is larger than it takes'),
  150: reason('message rate too high', 'mqtt-server-busy', 'it limits the rate of messages'),
  151: reason('quota exceeded', 'mqtt-server-busy', 'a quota of the server is used up'),
  152: reason('administrative action', 'mqtt-server-busy', 'an administrator closed the connection'),
  153: reason('payload format invalid', 'mqtt-disconnected', 'a payload is not of the format it claims'),
  154: reason('retain not supported', 'mqtt-refused', 'it has no retained messages'),
  155: reason('QoS not supported', 'mqtt-refused', 'it does not offer this QoS'),
  156: reason('use another server', 'mqtt-server-moved', 'another server shall be used for now'),
  157: reason('server moved', 'mqtt-server-moved', 'another server shall be used from now on'),
  158: reason('shared subscriptions not supported', 'mqtt-refused', 'it has no shared subscriptions (spec.mqtt.share)'),
  159: reason('connection rate exceeded', 'mqtt-server-busy', 'too many connections are made in a short time'),
  160: reason('maximum connect time', 'mqtt-server-busy', 'it allows no longer connection'),
  161: reason('subscription identifiers not supported', 'mqtt-disconnected', 'it has no subscription identifiers'),
  162: reason('wildcard subscriptions not supported', 'mqtt-refused', 'it takes no topic filter with + or #'),
};

/** MQTT 3.1.1, 3.2.2.3: CONNACK return codes. */
export const returnCodes: Readonly<Record<number, Reason>> = {
  1: reason('unacceptable protocol version', 'mqtt-version-unsupported', 'it does not speak MQTT 3.1.1'),
  2: reason('identifier rejected', 'mqtt-client-id-refused', 'it does not allow this client id'),
  3: reason('server unavailable', 'mqtt-server-busy', 'it is not ready to serve'),
  4: reason('bad user name or password', 'mqtt-not-authorised', 'the user name or the password is wrong'),
  5: reason('not authorised', 'mqtt-not-authorised', 'its access rules do not allow this client'),
};

/**
 * The reason in words: name, code, meaning, and what the server itself added.
 * @param said the Reason String of the packet, if there is one; it is the server's text, cut at 200 characters
 */
export function describe(code: number, said?: string, table = reasons): string {
  const known = table[code];
  const hex = `0x${code.toString(16).toUpperCase().padStart(2, '0')}`;
  const text = known ? `${known.name} (${hex}): ${known.meaning}` : `reason ${hex}, which the standard does not name`;
  return said ? `${text}; it says "${said.slice(0, 200)}"` : text;
}

/**
 * The error that a reason code of CONNACK or DISCONNECT means. A code that the standard does not name may pass, so it is retryable.
 * @param reference the Server Reference of the packet: where the server wants us to go
 */
export function reasonError(code: number, said?: string, reference?: string, table = reasons): MkbError<ReasonError> {
  const place = reference === undefined ? '' : `, to ${reference.slice(0, 200)}`;
  return new MkbError(table[code]?.error ?? 'mqtt-disconnected', {
    reason: describe(code, said, table) + place,
    ...(reference === undefined ? {} : { reference }),
  });
}
