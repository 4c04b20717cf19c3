// What EMQX says at /status of its dashboard's port, true as long as the port of MQTT is open.
import { createServer } from 'node:http';
import { connect } from 'node:net';

createServer((request, response) => {
  if (request.url !== '/status') return response.writeHead(404).end();
  const broker = connect(Number(process.argv[2]), '127.0.0.1');
  broker.on('error', () => response.writeHead(503).end('emqx is not running\n'));
  broker.on('connect', () => {
    broker.end();
    response.end('Node emqx@127.0.0.1 is started\nemqx is running\n');
  });
}).listen(18083);
