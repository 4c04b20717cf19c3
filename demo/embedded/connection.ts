/**
 * One client's connection: requests are answered one after another in the order they came, as Kafka's brokers do. A request that
 * waits (a fetch for new records, a join for the rest of the group, a scripted delay) therefore holds those behind it.
 *
 * A request that cannot be read, or that no version here takes, ends the connection, again as Kafka does. ApiVersions is the
 * exception: a client that asks in a newer version gets UNSUPPORTED_VERSION in the oldest format and asks again (KIP-511).
 */
import type { Socket } from 'node:net';
import { MkbError } from '../../api/errors.ts';
import type { AnyApi, Call } from './apis/api.ts';
import { hangUp, noAnswer } from './apis/api.ts';
import { refuseApiVersions } from './apis/api-versions.ts';
import { apiKeys } from './apis/names.ts';
import { apisByKey } from './apis/table.ts';
import type { Cluster } from './cluster.ts';
import { FrameReader } from './frames.ts';
import { AnswerWriter, RequestReader } from './wire.ts';

/** A request's header (KIP-482), and where its body begins. */
interface Header {
  readonly key: number;
  readonly version: number;
  readonly correlationId: number;
  readonly body: Buffer;
}

/** The node that a connection belongs to. */
export interface Home {
  readonly node: number;
  readonly cluster: Cluster;
  /** False from the moment the node dies, also when it is started again. */
  isAlive(): boolean;
}

/** What is needed to answer, apart from the request. */
interface Peer extends Home {
  readonly socket: Socket;
  readonly signal: AbortSignal;
}

/** Serves a connection until it ends. Never rejects. */
export async function serve(socket: Socket, home: Home): Promise<void> {
  const closed = new AbortController();
  socket.once('close', () => closed.abort());
  socket.on('error', () => {}); // A client that goes away without a word is no event; 'close' follows.
  const peer: Peer = { ...home, socket, signal: closed.signal };
  const frames = new FrameReader();
  try {
    for await (const chunk of socket) {
      for (const frame of frames.push(chunk as Buffer)) {
        if (!(await answer(frame, peer))) return;
      }
    }
  } catch (error) {
    if (!closed.signal.aborted) home.cluster.problems.tell(error as Error);
  } finally {
    socket.destroy();
  }
}

/** Answers one request. Returns false when the connection must end. */
async function answer(frame: Buffer, peer: Peer): Promise<boolean> {
  const header = readHeader(frame);
  const api = apisByKey.get(header.key);
  if (api === undefined || header.version < api.versions[0] || header.version > api.versions[1]) {
    return refuse(header, peer);
  }
  const flexible = header.version >= api.flexibleFrom;
  const body = new RequestReader(header.body, header.version, flexible);
  const clientId = body.readNullableString(false) ?? '';
  if (flexible) body.readTaggedFields();
  return await act(api, header, clientId, body, peer);
}

async function act(api: AnyApi, header: Header, clientId: string, body: RequestReader, peer: Peer): Promise<boolean> {
  const { node, cluster, signal, socket } = peer;
  cluster.requests.tell({ api: api.name, version: header.version, node, clientId });
  const request = read(api, body);
  const faults = cluster.faults.take(api.name, node, api.targets?.(request) ?? []);
  await faults.delay();
  if (faults.drops('before') || !peer.isAlive()) return false;
  const call: Call = {
    version: header.version,
    clientId,
    clientHost: plainAddress(socket.remoteAddress),
    brokerHost: plainAddress(socket.localAddress),
    node,
    cluster,
    faults,
    signal,
  };
  const result = await api.act(request, call);
  if (faults.drops('after') || result === hangUp) return false;
  if (result === noAnswer) return true;
  const writer = new AnswerWriter(header.version, body.flexible, faults.throttleMs);
  api.write(writer, result);
  // The answer's own header has tagged fields too, but for ApiVersions, whose reader does not know yet what the broker speaks.
  return await send(writer.end(), header.correlationId, body.flexible && header.key !== apiKeys.ApiVersions, socket);
}

/** A request that ends too early, or whose lengths lead out of it. */
function read(api: AnyApi, body: RequestReader): unknown {
  try {
    return api.read(body);
  } catch (cause) {
    throw new MkbError('embedded-request-invalid', { api: api.name, version: body.version }, { cause });
  }
}

async function refuse(header: Header, peer: Peer): Promise<boolean> {
  if (header.key === apiKeys.ApiVersions) {
    const writer = new AnswerWriter(0, false);
    refuseApiVersions(writer, apisByKey.values());
    return await send(writer, header.correlationId, false, peer.socket);
  }
  peer.cluster.problems.tell(new MkbError('embedded-request-unknown', { api: header.key, version: header.version }));
  return false;
}

function readHeader(frame: Buffer): Header {
  return {
    key: frame.readInt16BE(0),
    version: frame.readInt16BE(2),
    correlationId: frame.readInt32BE(4),
    body: frame.subarray(8),
  };
}

/** Writes an answer and waits until the socket takes more, so that a client that does not read costs no memory. */
async function send(writer: AnswerWriter, correlationId: number, tagged: boolean, socket: Socket): Promise<boolean> {
  if (tagged) writer.appendUnsignedInt8(0, false);
  writer.appendInt32(correlationId, false).prependLength();
  if (socket.destroyed) return false;
  if (socket.write(writer.buffer)) return true;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('drain', resolve).once('close', resolve);
  await promise;
  socket.off('drain', resolve).off('close', resolve);
  return !socket.destroyed;
}

/** An address as clients write it: IPv4 without the prefix it has on a socket for both families. */
function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}
