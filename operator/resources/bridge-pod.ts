/** What the Pods of the bridge and those that drain its sessions have alike: the document, its secrets, and the program that reads them. */
import { bytes } from '../../api/units.ts';
import { buffersMqtt } from '../../rules/unsupported.ts';
import { documentKeys, runningDocument } from './bridge-document.ts';
import { secretKeysOf } from './document-secrets.ts';
import { bridgeName } from './names.ts';
import type { Pipeline } from './pipeline.ts';
import { readArguments, readVolumes, type Volumes } from './read-volumes.ts';

/** The user of our image. */
export const mkbUser = 1000;

const mebibyte = 2 ** 20;

/** Arguments of every command that reads the document. */
export const documentArguments = readArguments(documentKeys.runs);

/** As `clients.limits.connections` has it where a document has no `clients`. */
const usualConnections = 10_000;

/** What a buffer on disk holds in memory while its disk is slow or fails, bytes. */
const shelvedMemoryBytes = 32 * mebibyte;

/** Node and its libraries take about 100 MiB; what waits for Kafka is held once, and a batch of it once more while it is sent. */
export function bridgeResources({ document, settings }: Pipeline): object {
  const { bridge, delivery } = document.spec;
  const said = bridge.resources ?? settings.defaults.resources.bridge;
  if (said) return said;
  const maxBytes = bytes(delivery.buffer.maxBytes);
  // Behind a buffer of its own as much again waits for Kafka, up to 64 MiB.
  const behind = buffersMqtt(document.spec) ? Math.min(maxBytes, 64 * mebibyte) : 0;
  const ahead = delivery.buffer.mode === 'disk' ? Math.min(maxBytes, shelvedMemoryBytes) : maxBytes;
  const buffered = Math.ceil((ahead + behind) / mebibyte);
  return {
    requests: { cpu: '100m', memory: `${128 + buffered}Mi` },
    limits: { memory: `${384 + 2 * buffered + servedMebibytes(document) + tableMebibytes(document)}Mi` },
  };
}

/** What a row of a table holds beside its text, bytes. */
const rowBytes = 28;

/** Tables of files as large as they may be, twice, since one is read while the one before is in use. */
const tableMebibytes = ({ spec: { tables } }: Pipeline['document']): number =>
  tables.reduce((sum, { file, maxBytes, maxRows }) => {
    if (file === undefined) return sum;
    // No row is shorter than a key, what separates it, and a line break.
    const rows = Math.min(maxRows, bytes(maxBytes) / 4);
    return sum + Math.ceil((2 * (bytes(maxBytes) + rows * rowBytes)) / mebibyte);
  }, 0);

/** What a connection holds, KiB: measured 3, and 58 with TLS, by idle ones. */
const connectionKib = { plain: 16, tls: 64 } as const;

/** For the clients of `mqtt.listen`: all that may be connected, and what their sessions may hold. */
function servedMebibytes({ spec }: Pipeline['document']): number {
  const { listen, clients } = spec.mqtt;
  if (listen === undefined) return 0;
  const connections = clients?.limits.connections ?? usualConnections;
  const each = connectionKib[listen.some(({ tls }) => tls !== undefined) ? 'tls' : 'plain'];
  return Math.ceil((connections * each) / 1024 + bytes(spec.delivery.buffer.maxBytes) / mebibyte);
}

/** Volumes of the document and of each Secret that it refers to, and where they are mounted. */
export const documentVolumes = (pipeline: Pipeline): Volumes =>
  readVolumes(bridgeName(pipeline.document.metadata.name), documentKeys.runs, secretKeysOf(runningDocument(pipeline)));
