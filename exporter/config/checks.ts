/** Rules that the shape of the exporter's document cannot express. */
import { checkEncrypted, checkKafkaAuth, checkServers } from '../../api/checks/kafka.ts';
import { checkMqttUrl } from '../../api/checks/mqtt.ts';
import { checkTls } from '../../api/checks/tls.ts';
import { type Finding, finding } from '../../api/findings.ts';
import type { Path } from '../../api/problems.ts';
import { durationMs } from '../../api/units.ts';
import type { EmqxTargetSpec, ExporterSpec } from './schema.ts';

/** Everything that is wrong with a document whose shape is right. */
export const checkExporter = (spec: ExporterSpec): Finding[] => [
  ...checkAny(spec),
  ...checkTimeout(spec),
  ...spec.mqtt.flatMap(({ url, tls }, index) => [
    ...checkMqttUrl(url, ['spec', 'mqtt', index, 'url'], tls !== undefined),
    ...checkTls(tls, ['spec', 'mqtt', index, 'tls']),
  ]),
  ...spec.emqx.flatMap((target, index) => checkEmqx(target, ['spec', 'emqx', index])),
  ...spec.kafka.flatMap(({ bootstrapServers, auth, tls }, index) => [
    ...checkServers(bootstrapServers, ['spec', 'kafka', index, 'bootstrapServers']),
    ...checkKafkaAuth(auth, ['spec', 'kafka', index, 'auth']),
    ...checkEncrypted({ ...(auth && { auth }), tls }, ['spec', 'kafka', index]),
    ...checkTls(tls, ['spec', 'kafka', index, 'tls']),
  ]),
  ...checkTwice(spec),
];

const checkAny = ({ mqtt, emqx, kafka }: ExporterSpec): Finding[] => {
  if (mqtt.length + emqx.length + kafka.length > 0) return [];
  const reason = 'There is nothing to watch.';
  return [
    finding(
      ['spec'],
      'field-conflict',
      { reason },
      { at: 'key', remedy: 'Name a target in `mqtt`, `emqx` or `kafka`.' },
    ),
  ];
};

const checkTimeout = ({ interval, timeout }: ExporterSpec): Finding[] => {
  if (durationMs(timeout) <= durationMs(interval)) return [];
  const reason = `\`timeout\` (${timeout}) is longer than \`interval\` (${interval}).`;
  return [finding(['spec', 'timeout'], 'field-conflict', { reason }, { remedy: 'Shorten it, or ask less often.' })];
};

const checkEmqx = ({ url, tls }: EmqxTargetSpec, path: Path): Finding[] => {
  const found = checkTls(tls, [...path, 'tls']);
  if (!URL.canParse(url) || new URL(url).port === '0') {
    const expected = 'a host, and a port from 1 to 65535';
    found.push(finding([...path, 'url'], 'field-value', { found: `"${url}"`, expected }, { remedy: undefined }));
  } else if (tls !== undefined && url.startsWith('http:')) {
    const reason = '`tls` is given, but http:// is not encrypted.';
    found.push(
      finding([...path, 'url'], 'field-conflict', { reason }, { remedy: 'Use https://, or leave out `tls`.' }),
    );
  }
  return found;
};

/** One name must not have the same figures from two sources: they would be one series with two values. */
const checkTwice = ({ mqtt, emqx }: ExporterSpec): Finding[] =>
  mqtt.flatMap(({ name, sys }, index) => {
    if (!sys || emqx.every(other => other.name !== name)) return [];
    const reason = `The figures of "${name}" would come from \`$SYS\` and from the API of EMQX.`;
    const remedy = 'Set `sys: false` here: the API knows more. Or give the two different names.';
    return [finding(['spec', 'mqtt', index, 'name'], 'field-conflict', { reason }, { remedy })];
  });
