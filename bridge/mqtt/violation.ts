import { MkbError } from '../../api/errors.ts';

/**
 * The error of a server that breaks the protocol: the connection is closed, and made again later.
 * @param reasonCode what our DISCONNECT says in MQTT 5: 0x81 malformed packet, 0x82 protocol error, ... (3.14.2.1)
 * @param what a clause about the server, for a person
 */
export function violation(reasonCode: number, what: string): MkbError<'mqtt-protocol-error'> {
  return new MkbError('mqtt-protocol-error', { violation: what, reasonCode });
}
