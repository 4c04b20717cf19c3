/**
 * Idle clients of bench/listen.ts, in a process of their own, since a process may have only so many connections: they connect, as fast as the
 * server lets them, and stay.
 *
 *     fork('bench/listen-clients.ts', [port, count, first])
 */
import { connect, type Socket } from 'node:net';
import mqttPacket from 'mqtt-packet';

const [port, count, first] = process.argv.slice(2).map(Number) as [number, number, number];
/** Connections that are being made at once. */
const abreast = 500;
const perAddress = 5000;
const sockets: Socket[] = [];
let next = 0;
let joined = 0;

function join(number = first + next++): void {
  if (number >= first + count) return;
  const localAddress = `127.0.0.${2 + Math.floor(number / perAddress)}`;
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  let isIn = false;
  socket.on('error', () => undefined);
  // As devices do.
  socket.once('close', () => void (isIn || setTimeout(join, 100, number)));
  socket.write(
    mqttPacket.generate({ cmd: 'connect', protocolVersion: 4, clean: true, clientId: `idle-${number}`, keepalive: 0 }),
  );
  socket.once('data', () => {
    isIn = true;
    sockets.push(socket);
    joined++;
    if (joined === count) process.send!('joined');
    else join();
  });
}

for (let begun = 0; begun < abreast; begun++) join();
process.on('disconnect', () => process.exit());
