/**
 * A minimal MQTT server that sends PUBLISH packets as fast as its one subscriber takes them, so that no broker is the limit of a
 * measurement: QoS 1 within the Receive Maximum, QoS 0 as fast as the socket drains. MQTT 3.1.1 has no Receive Maximum, the window is the
 * server's to choose: it is 1,000, which is what the subjects of MQTT 5 ask for. With a rate it sends so many a second, and says how long PUBACKs
 * took. It runs as a process of its own and talks to its parent over IPC: {ready}, with its port, then {first} when the first packet goes out and {done}
 * when the last is acknowledged (or, for QoS 0, written).
 */
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate, type IConnectPacket, type ISubscribePacket, type Packet, parser } from 'mqtt-packet';

export interface BlasterOptions {
  readonly messages: number;
  readonly qos: 0 | 1;
  readonly payloadBytes: number;
  /** Publishers to imitate: as many topics. */
  readonly clients: number;
  /** Messages a second; without it, as fast as they are taken. */
  readonly rate?: number;
  /** Files in PEM: with them it speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** From PUBLISH to PUBACK, in order, milliseconds. */
export interface AckLatency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export type BlasterReport = { ready: number } | { first: true } | { done: true; latency?: AckLatency | undefined };

/** Unacknowledged QoS 1 messages to a subscriber that does not say how many it takes. */
const windowWithoutProperty = 1000;

/** How many packets are prepared and sent again and again, with new packet identifiers. */
const prepared = 1000;

const options = JSON.parse(process.argv[2] ?? '{}') as BlasterOptions;
const report = (message: BlasterReport) => process.send!(message);

const { tls } = options;
const server = tls
  ? createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, serve)
  : createServer(serve);
server.listen(0, '127.0.0.1', () => report({ ready: (server.address() as { port: number }).port }));
process.once('disconnect', () => process.exit());

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  let version: 4 | 5 = 5;
  let window = windowWithoutProperty;
  const control = parser();
  const onPacket = (packet: Packet) => {
    if (packet.cmd === 'connect') {
      const { protocolVersion, properties } = packet as IConnectPacket;
      version = protocolVersion === 5 ? 5 : 4;
      window = Math.min(properties?.receiveMaximum ?? window, 60_000);
      send({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false });
    } else if (packet.cmd === 'subscribe') {
      const { messageId, subscriptions } = packet as ISubscribePacket;
      send({ cmd: 'suback', messageId: messageId!, granted: subscriptions.map(() => options.qos) });
      control.removeAllListeners();
      socket.removeAllListeners('data');
      blast(socket, version, window);
    } else if (packet.cmd === 'pingreq') send({ cmd: 'pingresp' });
  };
  const send = (packet: Packet) => socket.write(generate(packet, { protocolVersion: version }));
  control.on('packet', onPacket);
  socket.on('data', chunk => control.parse(chunk));
  socket.on('error', () => undefined);
}

function blast(socket: Socket, version: 4 | 5, window: number): void {
  const packets = preparePackets(version);
  let sent = 0;
  let acknowledged = 0;
  const started = performance.now();
  const latencies = options.rate !== undefined && options.qos === 1 ? new Latencies() : undefined;
  report({ first: true });

  /** Writes what window and rate allow, as slices of the prepared packets. */
  const fill = () => {
    const now = performance.now();
    const allowed = options.qos === 0 ? prepared : window - (sent - acknowledged);
    const due = options.rate === undefined ? options.messages : Math.ceil(((now - started) / 1000) * options.rate);
    let count = Math.min(allowed, Math.min(due, options.messages) - sent);
    while (count > 0) {
      const from = sent % prepared;
      const slice = Math.min(count, prepared - from);
      socket.write(packets.slice(from, slice, sent));
      latencies?.sent(sent, sent + slice, now);
      sent += slice;
      count -= slice;
    }
  };
  const onAcknowledged = (count: number) => {
    latencies?.acknowledged(acknowledged, acknowledged + count, performance.now());
    acknowledged += count;
    if (acknowledged >= options.messages) report({ done: true, latency: latencies?.summary });
    else if (options.rate === undefined) fill();
  };
  socket.on(
    'data',
    countAcknowledgements(onAcknowledged, () => socket.write(generate({ cmd: 'pingresp' }))),
  );
  if (options.rate !== undefined) pace();
  else if (options.qos === 1) fill();
  else drainQos0();

  /** What is due goes out each millisecond. */
  function pace(): void {
    fill();
    if (sent < options.messages) setTimeout(pace, 1);
    else if (options.qos === 0) report({ done: true });
  }

  function drainQos0(): void {
    while (sent < options.messages) {
      fill();
      if (socket.writableNeedDrain) {
        socket.once('drain', drainQos0);
        return;
      }
    }
    report({ done: true });
  }
}

function preparePackets(version: 4 | 5) {
  const payload = Buffer.alloc(options.payloadBytes, 'x');
  const parts: Buffer[] = [];
  const starts: number[] = [];
  const identifiers: number[] = [];
  let length = 0;
  for (let index = 0; index < prepared; index++) {
    const topic = `mqttx/simulate/tesla/mqttx_bench_${index % options.clients}`;
    const packet = {
      cmd: 'publish',
      topic,
      payload,
      qos: options.qos,
      dup: false,
      retain: false,
      messageId: 1,
    } as const;
    const bytes = generate(packet, { protocolVersion: version });
    starts.push(length);
    identifiers.push(length + bytes.indexOf(topic) + topic.length);
    parts.push(bytes);
    length += bytes.length;
  }
  starts.push(length);
  const all = Buffer.concat(parts);
  return {
    /** A copy of `count` packets from position `from`; the first is message number `number`. */
    slice(from: number, count: number, number: number): Buffer {
      const start = starts[from]!;
      const copy = Buffer.from(all.subarray(start, starts[from + count]!));
      if (options.qos === 1)
        for (let index = 0; index < count; index++)
          copy.writeUInt16BE(((number + index) % 65_535) + 1, identifiers[from + index]! - start);
      return copy;
    },
  };
}

/** How long each message took, by its number: PUBACKs come in order (MQTT 5, 4.6). */
class Latencies {
  /** More than any window. */
  readonly #sentAt = new Float64Array(65_536);
  /** How many took so many times 0.05 ms; the last is for all that took longer. */
  readonly #counts = new Uint32Array(40_000);

  sent(from: number, to: number, now: number): void {
    for (let number = from; number < to; number++) this.#sentAt[number & 0xffff] = now;
  }

  acknowledged(from: number, to: number, now: number): void {
    for (let number = from; number < to; number++) {
      const step = Math.floor((now - this.#sentAt[number & 0xffff]!) / 0.05);
      this.#counts[Math.min(step, this.#counts.length - 1)]!++;
    }
  }

  get summary(): AckLatency {
    return { p50: this.#quantile(0.5), p99: this.#quantile(0.99), p999: this.#quantile(0.999) };
  }

  #quantile(quantile: number): number {
    let left = quantile * this.#counts.reduce((sum, count) => sum + count, 0);
    const step = this.#counts.findIndex(count => {
      left -= count;
      return left <= 0;
    });
    return step * 0.05;
  }
}

/** Counts PUBACKs in a stream of small packets, whatever way it is cut into chunks; PINGREQs are answered. */
function countAcknowledgements(acknowledged: (count: number) => void, ping: () => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return chunk => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    let count = 0;
    while (at + 2 <= bytes.length && at + 2 + bytes[at + 1]! <= bytes.length) {
      const type = bytes[at]! >> 4;
      if (type === 4) count++;
      else if (type === 12) ping();
      at += 2 + bytes[at + 1]!;
    }
    rest = Buffer.from(bytes.subarray(at));
    if (count > 0) acknowledged(count);
  };
}
