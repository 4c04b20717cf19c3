/** Who is let in, as who, and with which answer: the table of reasons for which a CONNECT is refused. */
import { randomUUID } from 'node:crypto';
import { MkbError } from '../../api/errors.ts';
import type { Publisher } from '../../rules/message.ts';
import { Access } from './access.ts';
import { connack, refusal } from './answers.ts';
import { type Connect, decodeConnect, protocolOf } from './connect-packet.ts';
import type { Admission } from './granted.ts';
import type { ListenOptions } from './options.ts';
import { topicAliasMaximum } from './publish-rules.ts';
import { anySubscribable } from './subscriber.ts';
import type { ClientTransport } from './transports.ts';

export type Refused = 'malformed' | 'version' | 'client_id' | 'not_authorised' | 'busy' | 'unsupported';

export type Decision =
  | { readonly admission: Admission; readonly answer: (sessionPresent: boolean) => Buffer }
  | { readonly refused: Refused; readonly answer: Buffer | undefined; readonly reason: string; readonly name: string };

/** CONNACK of MQTT 3.1 and 3.1.1: unacceptable protocol version [MQTT-3.1.2-2]. */
const olderAnswer = Buffer.from([0x20, 2, 0, 1]);

/** @param packet a whole CONNECT. Never rejects for what a client sends. */
export async function decide(packet: Buffer, transport: ClientTransport, options: ListenOptions): Promise<Decision> {
  const name = `${transport.address}:${transport.port}`;
  const refuse = (refused: Refused, answer: Buffer | undefined, reason: string) => ({ refused, answer, reason, name });
  let version: Connect['version'] | undefined;
  try {
    const protocol = protocolOf(packet);
    if (protocol === 'none') return refuse('malformed', undefined, 'it does not speak MQTT');
    if (protocol === 'older')
      return refuse('version', olderAnswer, 'it speaks MQTT 3.1 or older; 3.1.1 and 5 are served');
    if (protocol === 'newer')
      return refuse(
        'version',
        refusal('5', 0x84, 'MQTT 3.1.1 and 5 are served.'),
        'it speaks a later version than MQTT 5',
      );
    version = protocol;
    return await new Judge(decodeConnect(packet, version), transport, options).decide();
  } catch (error) {
    if (!MkbError.is(error, 'mqtt-protocol-error')) throw error;
    const { reasonCode, violation: what } = error.details;
    return refuse('malformed', version && refusal(version, reasonCode, `${what}.`), what);
  }
}

class Judge {
  readonly #connect: Connect;
  readonly #transport: ClientTransport;
  readonly #options: ListenOptions;
  readonly #commonName: string | undefined;

  constructor(connect: Connect, transport: ClientTransport, options: ListenOptions) {
    this.#connect = connect;
    this.#transport = transport;
    this.#options = options;
    this.#commonName = transport.commonName;
  }

  async decide(): Promise<Decision> {
    const { version, will, clientId, cleanStart, authenticationMethod } = this.#connect;
    const { certificateNames } = this.#options;
    if (authenticationMethod !== undefined)
      return this.#refuse(
        'unsupported',
        0x8c,
        'Enhanced authentication is not served: use a user name and a password.',
      );
    if (version === '5' && will?.retain)
      return this.#refuse('unsupported', 0x9a, 'Nothing is retained here: the will must not ask for it.');
    const own = certificateNames.clientId ? this.#commonName : clientId;
    if (own === undefined) return this.#refuse('client_id', 0x85, 'The certificate has no common name.');
    // [MQTT-3.1.3-8] of MQTT 3.1.1.
    if (own === '' && version === '3.1.1' && !cleanStart)
      return this.#refuse('client_id', 0x85, 'A client without a client id must ask for a clean session.');
    const username = await this.#username();
    if (typeof username !== 'string' && username !== undefined) return username;
    const id = own === '' ? `auto-${randomUUID()}` : own;
    const identity = { clientid: id, username };
    const access = new Access(this.#options.access, { clientid: id, username: this.#isProven ? username : undefined });
    if (will !== undefined && !access.mayPublish(will.topic))
      return this.#refuse('not_authorised', 0x87, 'The will is for a topic that this client may not publish to.');
    return this.#admit(identity, access);
  }

  get #isProven(): boolean {
    return this.#options.passwords !== undefined || this.#transport.verified;
  }

  /** The user name, as far as there is one; or why the client is not let in. */
  async #username(): Promise<string | undefined | Decision> {
    const { username, password } = this.#connect;
    const { passwords, anonymous, certificateNames } = this.#options;
    if (certificateNames.username && this.#commonName !== undefined) return this.#commonName;
    if (passwords === undefined || username === undefined) {
      if (anonymous || this.#transport.verified)
        return passwords === undefined && !this.#transport.verified ? username : undefined;
      return this.#refuse('not_authorised', 0x87, 'Clients must give a user name and a password.');
    }
    const verdict = await passwords.verify(username, password ?? Buffer.alloc(0));
    if (verdict === 'right') return username;
    if (verdict === 'busy') return this.#refuse('busy', 0x89, 'Too many clients wait to be let in: come back later.');
    return this.#refuse('not_authorised', 0x86, 'The user name or the password is wrong.');
  }

  #admit({ clientid, username }: { clientid: string; username: string | undefined }, access: Access): Decision {
    const connect = this.#connect;
    const { version, cleanStart, keepAlive } = connect;
    const { receiveMaximum, maximumPacketSize, keepAliveSeconds: longest } = this.#options.limits;
    const { address, port } = this.#transport;
    const isTooLong = version === '5' && (keepAlive === 0 || keepAlive > longest);
    const publisher: Publisher = {
      clientid,
      username,
      peerhost: address,
      peername: `${address.includes(':') ? `[${address}]` : address}:${port}`,
      clean_start: cleanStart,
      proto_ver: version === '5' ? 5 : 4,
    };
    const sessionExpiry = Math.min(connect.sessionExpiry, this.#options.sessions.expirySeconds);
    const welcome = {
      receiveMaximum,
      maximumPacketSize,
      topicAliasMaximum,
      assignedClientId: clientid === connect.clientId ? undefined : clientid,
      serverKeepAlive: isTooLong ? longest : undefined,
      sessionExpiry,
      subscribable: anySubscribable(this.#options),
    };
    const keepAliveSeconds = isTooLong ? longest : keepAlive;
    return {
      admission: {
        connect,
        publisher,
        access,
        user: this.#isProven ? username : undefined,
        keepAliveSeconds,
        sessionExpiry,
      },
      answer: sessionPresent => connack(version, welcome, sessionPresent),
    };
  }

  #refuse(refused: Refused, reasonCode: number, reason: string): Decision {
    const { version, clientId, maximumPacketSize } = this.#connect;
    const { address, port } = this.#transport;
    const name = `${JSON.stringify(clientId.slice(0, 100))} at ${address}:${port}`;
    const clause = reason.charAt(0).toLowerCase() + reason.slice(1).replace(/\.$/, '');
    return { refused, answer: refusal(version, reasonCode, reason, maximumPacketSize), reason: clause, name };
  }
}
