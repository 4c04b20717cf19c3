/** Who is let in, as who, and with which answer: the table of reasons for which a CONNECT is refused. */
import { randomUUID } from 'node:crypto';
import { MkbError } from '../../api/errors.ts';
import type { Publisher } from '../../rules/message.ts';
import type { ValueMap } from '../../rules/value.ts';
import { Access, everywhere } from './access.ts';
import { connack, refusal } from './answers.ts';
import type { Refused } from './client-counts.ts';
import { type Connect, decodeConnect, protocolOf } from './connect-packet.ts';
import type { Admission } from './granted.ts';
import { partOf } from './login/certificate.ts';
import type { FailedLogins } from './login/failed-logins.ts';
import { isRefused, type Known, logIn, type NotLetIn } from './login/login.ts';
import type { ListenOptions } from './options.ts';
import { topicAliasMaximum } from './publish-rules.ts';
import { anySubscribable } from './subscriber.ts';
import type { ClientTransport } from './transports.ts';

export type Decision =
  | { readonly admission: Admission; readonly answer: (sessionPresent: boolean) => Buffer }
  | { readonly refused: Refused; readonly answer: Buffer | undefined; readonly reason: string; readonly name: string };

/** CONNACK of MQTT 3.1 and 3.1.1: unacceptable protocol version [MQTT-3.1.2-2]. */
const olderAnswer = Buffer.from([0x20, 2, 0, 1]);

/** A client that wants to be let in. */
export interface Applicant {
  readonly transport: ClientTransport;
  /** Whether it still waits for the answer. */
  readonly asking: boolean;
}

/** @param packet a whole CONNECT. Never rejects for what a client sends. */
export async function decide(
  packet: Buffer,
  applicant: Applicant,
  options: ListenOptions,
  failedLogins: FailedLogins,
): Promise<Decision> {
  const { transport } = applicant;
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
    return await new Judge(decodeConnect(packet, version), applicant, options, failedLogins).decide();
  } catch (error) {
    if (!MkbError.is(error, 'mqtt-protocol-error')) throw error;
    const { reasonCode, violation: what } = error.details;
    return refuse('malformed', version && refusal(version, reasonCode, `${what}.`), what);
  }
}

class Judge {
  readonly #connect: Connect;
  readonly #applicant: Applicant;
  readonly #options: ListenOptions;
  readonly #failedLogins: FailedLogins;

  constructor(connect: Connect, applicant: Applicant, options: ListenOptions, failedLogins: FailedLogins) {
    this.#connect = connect;
    this.#applicant = applicant;
    this.#options = options;
    this.#failedLogins = failedLogins;
  }

  async decide(): Promise<Decision> {
    const { version, will, clientId, cleanStart, authenticationMethod } = this.#connect;
    const { certificateNames } = this.#options.login;
    const { certificate } = this.#applicant.transport;
    if (authenticationMethod !== undefined)
      return this.#refuse(
        'unsupported',
        0x8c,
        'Enhanced authentication is not served: use a user name and a password.',
      );
    if (version === '5' && will?.retain)
      return this.#refuse('unsupported', 0x9a, 'Nothing is retained here: the will must not ask for it.');
    const own = certificateNames.clientId === 'none' ? clientId : partOf(certificate ?? {}, certificateNames.clientId);
    if (own === undefined) return this.#refuse('client_id', 0x85, 'The certificate does not name the client.');
    // [MQTT-3.1.3-8] of MQTT 3.1.1.
    if (own === '' && version === '3.1.1' && !cleanStart)
      return this.#refuse('client_id', 0x85, 'A client without a client id must ask for a clean session.');
    const made = own === '' ? `auto-${randomUUID()}` : own;
    const known = await this.#logIn(made);
    if (isRefused(known)) return this.#refuse(known.refused, known.reasonCode, known.reason, known.detail);
    const id = known.clientId ?? made;
    const attributes = this.#options.attributes.of(
      { clientId: id, username: known.username, certificate },
      known.attributes,
    );
    const rules = known.superuser ? everywhere : (known.access ?? this.#options.access);
    const access = new Access(rules, { clientid: id, username: known.username, attributes });
    if (will !== undefined && !access.mayPublish(will.topic))
      return this.#refuse('not_authorised', 0x87, 'The will is for a topic that this client may not publish to.');
    return this.#admit(id, known, access, attributes);
  }

  async #logIn(clientId: string): Promise<Known | NotLetIn> {
    const { address, certificate } = this.#applicant.transport;
    if (!this.#failedLogins.allows(address)) return tooManyFailed;
    const { username, password } = this.#connect;
    const awaited = () => this.#applicant.asking;
    const known = await logIn({ clientId, username, password, address, certificate, awaited }, this.#options.login);
    if (isRefused(known) && known.refused === 'not_authorised') this.#failedLogins.failed(address);
    return known;
  }

  #admit(clientid: string, known: Known, access: Access, attributes: ValueMap | undefined): Decision {
    const connect = this.#connect;
    const { version, cleanStart, keepAlive } = connect;
    const { receiveMaximum, maximumPacketSize, keepAliveSeconds: longest } = this.#options.limits;
    const { address, port } = this.#applicant.transport;
    const isTooLong = version === '5' && (keepAlive === 0 || keepAlive > longest);
    const publisher: Publisher = {
      clientid,
      username: known.username ?? known.claimedName,
      peerhost: address,
      peername: `${address.includes(':') ? `[${address}]` : address}:${port}`,
      clean_start: cleanStart,
      proto_ver: version === '5' ? 5 : 4,
      client_attrs: attributes,
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
        user: known.username,
        expiresAt: known.expiresAt,
        keepAliveSeconds,
        sessionExpiry,
      },
      answer: sessionPresent => connack(version, welcome, sessionPresent),
    };
  }

  /** @param detail for the log, in the place of the reason */
  #refuse(refused: Refused, reasonCode: number, reason: string, detail = reason): Decision {
    const { version, clientId, maximumPacketSize } = this.#connect;
    const { address, port } = this.#applicant.transport;
    const name = `${JSON.stringify(clientId.slice(0, 100))} at ${address}:${port}`;
    const clause = detail.charAt(0).toLowerCase() + detail.slice(1).replace(/\.$/, '');
    return { refused, answer: refusal(version, reasonCode, reason, maximumPacketSize), reason: clause, name };
  }
}

const tooManyFailed: NotLetIn = {
  refused: 'failed_logins',
  reasonCode: 0x9f,
  reason: 'Too many logins from this address have failed: come back later.',
};
