import type { Publisher } from '../../rules/message.ts';
import type { Access } from './access.ts';
import type { Connect } from './connect-packet.ts';

/** Who a client is, once it is let in. */
export interface Admission {
  readonly connect: Connect;
  readonly publisher: Publisher;
  readonly access: Access;
  /** The user name, if somebody has checked it. */
  readonly user: string | undefined;
  /** When its login expires, and the connection with it, milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  readonly keepAliveSeconds: number;
  /** How long its session outlives the connection, seconds. */
  readonly sessionExpiry: number;
}
