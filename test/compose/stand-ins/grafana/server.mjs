// What Grafana reads at its start, read the same way: data sources, folders of dashboards, the home dashboard.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const provisioning = '/etc/grafana/provisioning';
const yaml = folder => readdirSync(join(provisioning, folder)).filter(name => /\.ya?ml$/.test(name));
const text = (...path) => readFileSync(join(...path), 'utf8');

const sources = yaml('datasources');
if (sources.length === 0) throw new Error('no data source is provisioned');
const folders = yaml('dashboards').flatMap(file =>
  [...text(provisioning, 'dashboards', file).matchAll(/^\s*path:\s*(\S+)/gm)].map(match => match[1]),
);
const dashboards = folders.flatMap(folder =>
  readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .map(name => JSON.parse(text(folder, name)).uid),
);
if (dashboards.length === 0) throw new Error(`no dashboard is in ${folders}`);
const home = JSON.parse(text(process.env.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH));
writeFileSync('/var/lib/grafana/grafana.db', '');

createServer((request, response) => {
  const login = `Basic ${btoa(`${process.env.GF_SECURITY_ADMIN_USER}:${process.env.GF_SECURITY_ADMIN_PASSWORD}`)}`;
  const answers = {
    '/api/health': () => ({ database: 'ok', version: 'stand-in' }),
    '/api/dashboards/home': () => ({ dashboard: { uid: home.uid } }),
    '/api/search': () => dashboards.map(uid => ({ uid })),
  };
  const open = request.url === '/api/health' || request.headers.authorization === login;
  const answer = answers[request.url];
  response.writeHead(answer === undefined ? 404 : open ? 200 : 401, { 'content-type': 'application/json' });
  response.end(answer !== undefined && open ? JSON.stringify(answer()) : '{}');
}).listen(3000, '0.0.0.0');
