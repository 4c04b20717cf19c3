/** Which running bridge a command looks at. */
import { MkbError } from '../../api/errors.ts';
import { resolveSecret } from '../../api/secrets.ts';
import { exitCodes } from '../exit-codes.ts';
import { type BridgePort, urlPort } from './port.ts';

export interface LiveOptions {
  readonly url: URL;
  /** Of the file with the token that the bridge has for others than its own machine. */
  readonly tokenFile?: string;
}

/** Throws `secret-unreadable`. */
export const portOf = async ({ url, tokenFile }: LiveOptions): Promise<BridgePort> => {
  if (tokenFile === undefined) return urlPort(url);
  const secret = await resolveSecret({ valueFrom: { file: tokenFile } }, { secretsDir: '' });
  return urlPort(url, secret.reveal().trim());
};

export const exitCodeOf = (error: unknown): number => {
  if (MkbError.is(error, 'tap-unreachable')) return exitCodes.unavailable;
  return MkbError.is(error, 'secret-unreadable') ? exitCodes.configuration : exitCodes.failed;
};
