import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { MqttSection } from '../schema/mqtt.ts';
import { durationMs } from '../units.ts';
import type { SemanticCheck } from './check.ts';
import { checkListen } from './listen.ts';
import { checkTls } from './tls.ts';

const section: Path = ['spec', 'mqtt'];

export const mqttChecks: readonly SemanticCheck[] = [
  {
    reads: [section],
    check: ({ spec: { mqtt } }) => [
      ...checkUrls(mqtt),
      ...checkTls(mqtt.tls, [...section, 'tls']),
      ...checkWebSocket(mqtt),
      ...checkListen(mqtt),
      ...checkDelays(mqtt),
      ...checkRetained(mqtt),
    ],
  },
  {
    reads: [section, ['spec', 'bridge']],
    check: ({ spec: { mqtt, bridge } }) => {
      if (bridge.replicas < 2 || mqtt.share !== undefined || mqtt.listen !== undefined) return [];
      const reason = `\`share\` is missing: without it each of the ${bridge.replicas} replicas would read, and write, every message.`;
      const remedy = 'Add `share: <a name of your own>`, or set `bridge.replicas` to 1.';
      return [finding(section, 'field-conflict', { reason }, { at: 'key', remedy })];
    },
  },
];

/** The addresses with their paths, `url` and `urls` alike. */
const addresses = ({ url, urls }: MqttSection): { url: string; path: Path }[] => [
  ...(url === undefined ? [] : [{ url, path: [...section, 'url'] }]),
  ...(urls ?? []).map((each, index) => ({ url: each, path: [...section, 'urls', index] })),
];

const checkUrls = (mqtt: MqttSection): Finding[] =>
  addresses(mqtt).flatMap(({ url, path }) => checkMqttUrl(url, path, mqtt.tls !== undefined));

const secured = { mqtt: 'mqtts', ws: 'wss' } as const;

/** @param withTls whether TLS settings stand beside the url, which only an encrypted connection uses */
export const checkMqttUrl = (url: string, path: Path, withTls: boolean): Finding[] => {
  if (!URL.canParse(url)) {
    return [
      finding(
        path,
        'field-value',
        { found: `"${url}"`, expected: 'a host, and a port from 1 to 65535' },
        { remedy: undefined },
      ),
    ];
  }
  const { protocol, port } = new URL(url);
  if (port === '0')
    return [
      finding(path, 'field-value', { found: 'port 0', expected: 'a port from 1 to 65535' }, { remedy: undefined }),
    ];
  const scheme = protocol.slice(0, -1);
  if (scheme.startsWith('mqtt') && /^[a-z]+:\/\/[^/]+\/./.test(url)) {
    const remedy = 'Only ws:// and wss:// have a path; topics are chosen in the rules.';
    return [finding(path, 'field-conflict', { reason: `An ${scheme}:// url has no path.` }, { remedy })];
  }
  if (!withTls || !(scheme in secured)) return [];
  const safe = secured[scheme as keyof typeof secured];
  const reason = `\`tls\` is given, but ${scheme}:// is not encrypted.`;
  return [
    finding(
      path,
      'field-conflict',
      { reason },
      { remedy: `Use ${safe}:// (and the port that serves TLS), or leave out \`tls\`.` },
    ),
  ];
};

const checkWebSocket = (mqtt: MqttSection): Finding[] => {
  if (mqtt.webSocket === undefined || addresses(mqtt).some(({ url }) => url.startsWith('ws'))) return [];
  const reason = '`webSocket` is given, but no url starts with ws:// or wss://.';
  return [finding([...section, 'webSocket'], 'field-conflict', { reason }, { at: 'key' })];
};

const checkRetained = ({ retained, share }: MqttSection): Finding[] => {
  if (retained !== 'all' || share === undefined) return [];
  const reason = 'A shared subscription (`share`) gets no stored messages, whatever `retained` says.';
  const remedy =
    'Leave out `retained`; to take stored messages, read them with a bridge of one replica without `share`.';
  return [finding([...section, 'retained'], 'field-conflict', { reason }, { severity: 'warning', remedy })];
};

const checkDelays = ({ reconnect }: MqttSection): Finding[] => {
  const { minDelay, maxDelay } = reconnect;
  if (durationMs(minDelay) <= durationMs(maxDelay)) return [];
  const reason = `\`minDelay\` (${minDelay}) is longer than \`maxDelay\` (${maxDelay}).`;
  return [finding([...section, 'reconnect'], 'field-conflict', { reason }, { at: 'key' })];
};
