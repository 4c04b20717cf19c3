/**
 * A second look at a port that closed without a word: does it speak what another scheme of url stands for? What is asked holds nothing of
 * ours: a CONNECT without a name, or a request for a WebSocket.
 */
import mqttPacket from 'mqtt-packet';
import { MkbError } from '../../api/errors.ts';
import { firstAnswer, speaksTls } from '../../network/probe.ts';
import { shownUrl } from '../../network/shown-url.ts';
import { spokenBy } from '../../network/spoken.ts';
import { hostOf, portOf } from './server-url.ts';

/** Ends of an attempt that a port of another kind may be the reason of. */
const unclear: ReadonlySet<string> = new Set([
  'mqtt-closed-unanswered',
  'mqtt-connect-failed',
  'mqtt-connect-timeout',
  'tls-failed',
]);

export const suspicious = ({ code, cause }: MkbError): boolean =>
  unclear.has(code) && !unreached.has((cause as NodeJS.ErrnoException | undefined)?.code ?? '');

/** With these there is nothing to ask. */
const unreached: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

/** Throws `mqtt-not-spoken` when it is certain that this port is for another kind of url. */
export async function lookCloser(url: URL): Promise<void> {
  const spoken = await questions[url.protocol]?.(hostOf(url), portOf(url));
  if (spoken !== undefined) throw new MkbError('mqtt-not-spoken', { url: shownUrl(url), spoken });
}

type Question = (host: string, port: number) => Promise<string | undefined>;

const asksTls: Question = async (host, port) => ((await speaksTls(host, port)) ? 'TLS' : undefined);

const asks =
  (question: (host: string) => Buffer, spoken: string, name: string): Question =>
  async (host, port) => {
    const { bytes } = await firstAnswer(host, port, question(host));
    return bytes && spokenBy(bytes) === spoken ? name : undefined;
  };

const connect = () =>
  mqttPacket.generate({ cmd: 'connect', protocolVersion: 4, clean: true, clientId: '', keepalive: 5 });
/** For a WebSocket, as a broker may close on anything else (RFC 6455, 4.1). */
const get = (host: string) =>
  Buffer.from(
    `GET /mqtt HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n',
  );

const asksHttp = asks(get, 'HTTP', 'HTTP (WebSocket)');
const asksMqtt = asks(connect, 'MQTT', 'MQTT without TLS or WebSocket');
const asksPlainHttp = asks(get, 'HTTP', 'HTTP without TLS');

const either =
  (...all: readonly Question[]): Question =>
  async (host, port) => {
    for (const question of all) {
      const spoken = await question(host, port);
      if (spoken !== undefined) return spoken;
    }
    return undefined;
  };

const questions: Readonly<Record<string, Question>> = {
  'mqtt:': either(asksTls, asksHttp),
  'mqtts:': either(asksMqtt, asksPlainHttp),
  'ws:': either(asksMqtt, asksTls),
  'wss:': either(asksPlainHttp, asksMqtt),
};
