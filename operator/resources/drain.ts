/**
 * A Job that drains a session nobody comes back for (reconcile/sessions.ts says which). Its Pod reads the session kit and nothing else of the
 * bridge's own, and runs where and as the bridge does: `bridge.podTemplate` holds for both.
 */
import { defaultDrainTimeout } from '../../api/schema/bridge.ts';
import { durationMs } from '../../api/units.ts';
import type { KubeObject } from '../runtime/object.ts';
import { documentKeys, runningDocument } from './bridge-document.ts';
import { bridgeResources, mkbUser } from './bridge-pod.ts';
import { type BufferVolume, bufferClaimName, bufferMount, bufferVolume, drainedVolume } from './buffer-volume.ts';
import { secretKeysOf } from './document-secrets.ts';
import { drainTemplate } from './drain-template.ts';
import { chooseImage } from './images.ts';
import type { KitNote } from './kit-note.ts';
import { metadataOf } from './metadata.ts';
import { drainAccountName, drainName, kitName, leftDrainName } from './names.ts';
import { serviceAccount } from './parts.ts';
import type { LeftSessions, Pipeline } from './pipeline.ts';
import { podTemplate } from './pods.ts';
import { kitFiles } from './session-kit.ts';

const component = 'drain';
const kitFolder = '/etc/mkb';
const secretsFolder = `${kitFolder}/secrets`;

/** How often it is tried, with growing pauses between, if the time allows. A Pod that is evicted does not count. */
const backoffLimit = 30;

/** How many sessions of replicas that were scaled away are drained at once, the highest first. */
const atOnce = 50;

/** Whose session a Job drains, and with what. */
interface DrainedSession {
  readonly job: string;
  /** The name of the session kit. */
  readonly kit: string;
  readonly files: KitNote['files'];
  /** Whether the broker goes too, so that its session may stay as it is. */
  readonly managed: boolean;
  readonly ordinal: number;
  /** Of a document with a buffer on disk. */
  readonly volume: BufferVolume | undefined;
  /** Whether the drain has that volume: no Pod of the bridge will use it meanwhile. */
  readonly alone: boolean;
}

function drainJob(
  pipeline: Pipeline,
  { job, kit, files, managed, ordinal, volume, alone }: DrainedSession,
): KubeObject {
  const { metadata, spec } = pipeline.document;
  const { bridge } = spec;
  // A replica that never started has none, and a Pod would wait for it for ever.
  const buffer = alone && pipeline.observed.claims.has(bufferClaimName(metadata.name, ordinal)) ? volume : undefined;
  const seconds = durationMs(durationMs(bridge.drainTimeout) > 0 ? bridge.drainTimeout : defaultDrainTimeout) / 1000;
  const { image } = chooseImage(pipeline, 'bridge', bridge.image, pipeline.settings.images.bridge);
  const container = {
    // People write their podTemplate for the container of this name.
    name: 'bridge',
    image,
    args: [
      ...['drain', `${kitFolder}/${documentKeys.runs}`, '--secrets-dir', secretsFolder, '--ordinal', `${ordinal}`],
      // It says how far it came before the Job is ended.
      ...['--timeout', `${Math.max(seconds - Math.min(5, Math.ceil(seconds / 10)), 1)}s`],
      ...(managed ? ['--keep-session'] : []),
      ...(volume && !buffer ? ['--no-buffer'] : []),
    ],
    resources: bridgeResources(pipeline),
    volumeMounts: [{ name: 'kit', mountPath: kitFolder, readOnly: true }, ...(buffer ? [bufferMount(buffer)] : [])],
    // What the last line says is all that is left of it for the bridge's conditions.
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  const items = [documentKeys.runs, ...Object.keys(files)].map(key => ({
    key,
    path: files[key] === undefined ? key : `secrets/${files[key]}`,
  }));
  const template = podTemplate(pipeline, {
    component,
    serviceAccountName: drainAccountName(metadata.name),
    user: mkbUser,
    containers: [container],
    volumes: [
      { name: 'kit', secret: { secretName: kit, defaultMode: 0o440, items } },
      ...(buffer ? [drainedVolume(metadata.name, ordinal)] : []),
    ],
    podTemplate: drainTemplate(bridge.podTemplate),
    made: [],
  });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(pipeline, component, job),
    spec: {
      backoffLimit,
      activeDeadlineSeconds: seconds,
      // Two at once would take the session from each other.
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
      template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } },
    },
  };
}

/** What the drain of a session of the bridge as it is needs besides the kit. */
export function currentDrain(pipeline: Pipeline, ordinal: number): KubeObject {
  const { metadata } = pipeline.document;
  const files = kitFiles(secretKeysOf(runningDocument(pipeline)));
  const kit = kitName(metadata.name);
  return drainJob(pipeline, {
    job: drainName(metadata.name, ordinal),
    ...{ kit, files, managed: false, ordinal, alone: true },
    volume: bufferVolume(pipeline.document),
  });
}

/**
 * One for each session that an older document left behind. What waits in a buffer is the bridge's, whatever its sessions are called: the replica of that number delivers it, by the
 * newest rules. Only where no replica and no drain of the bridge comes for it does this drain have it.
 */
export const leftDrains = (pipeline: Pipeline, { kit, note }: LeftSessions): KubeObject[] => {
  const { mqtt, bridge } = pipeline.document.spec;
  return (note.left ?? []).map(ordinal =>
    drainJob(pipeline, {
      job: leftDrainName(kit, ordinal),
      ...{ kit, files: note.files, ordinal },
      managed: note.identity?.managed !== undefined,
      volume: note.volume,
      alone: mqtt.share === undefined && ordinal >= Math.max(bridge.replicas, 1),
    }),
  );
};

/** Of a bridge that is deleted, with what its kit says of it. */
export const lastDrains = (pipeline: Pipeline, { files, identity, volume }: KitNote, sessions: number): KubeObject[] =>
  identity === undefined
    ? []
    : Array.from({ length: sessions }, (_, ordinal) =>
        drainJob(pipeline, {
          job: drainName(pipeline.document.metadata.name, ordinal),
          kit: kitName(pipeline.document.metadata.name),
          files,
          managed: identity.managed !== undefined,
          ...{ ordinal, volume, alone: true },
        }),
      );

export const drainAccount = (pipeline: Pipeline): KubeObject =>
  serviceAccount(pipeline, component, drainAccountName(pipeline.document.metadata.name));

/**
 * One for each session beyond the replicas that are wanted, and for each that was left behind, with their account. A bridge with no replicas is
 * paused, and keeps its sessions.
 */
export function drainObjects(pipeline: Pipeline): KubeObject[] {
  const { observed, document } = pipeline;
  const { mqtt, bridge } = document.spec;
  if (bridge.replicas === 0) return [];
  const scaledAway = mqtt.share === undefined ? 0 : Math.min(Math.max(observed.sessions - bridge.replicas, 0), atOnce);
  const first = observed.sessions - scaledAway;
  const jobs = [
    ...Array.from({ length: scaledAway }, (_, index) => currentDrain(pipeline, first + index)),
    ...observed.left.flatMap(left => leftDrains(pipeline, left)),
  ];
  return jobs.length === 0 ? [] : [drainAccount(pipeline), ...jobs];
}
