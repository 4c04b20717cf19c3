// A rule with a typing error corrected: every replica was ended and started again, and its windows with it.
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { expectNoFaults, stageForBridges } from './support/bridge-stage.ts';
import { connectedPage, startOperator } from './support/stage.ts';

const spec = (sql: string, mqtt: object = {}) => ({
  mqtt: { url: 'mqtt://broker.example:1883', share: 's', ...mqtt },
  bridge: { replicas: 2 },
  rules: [{ name: 'all', sql, sinks: [{ kafka: { topic: 'cars' } }] }],
});
const first = 'SELECT payload FROM "cars/#"';
const second = 'SELECT payload AS other FROM "cars/#"';
const third = 'SELECT payload AS third FROM "cars/#"';

/** What a Pod says of documents: the number of the one that it runs, and why it did not take another. */
interface Saying {
  readonly hash: number;
  readonly refused?: { readonly hash: number; readonly code: string };
}

describeReal('kubernetes', 'kwok')('a document that changes', () => {
  const stage = stageForBridges();
  const { kubectl, apply, pods, revision } = stage;
  /** By the address of a Pod; one that is not there does not answer. */
  const sayings = new Map<string, Saying | 'an image without reload'>();
  const page = (url: string): string => {
    const saying = sayings.get(new URL(url).hostname);
    if (saying === undefined) throw new Error('no answer');
    if (typeof saying === 'string') return connectedPage();
    const { hash, refused } = saying;
    const refusal = refused ? [`mkb_config_refused_hash{bridge="b",code="${refused.code}"} ${refused.hash}`] : [];
    return [connectedPage(), `mkb_config_hash{bridge="b"} ${hash}`, ...refusal].join('\n');
  };

  const restartOperator = async () => {
    await stage.operator.stop();
    stage.operator = await startOperator(stage.kubernetes, { page });
  };

  beforeAll(restartOperator, 90_000);

  const live = async (name: string) => (await pods(name)).filter(({ metadata }) => !metadata.deletionTimestamp);
  const names = async (name: string) => (await live(name)).map(({ metadata }) => metadata.uid as string).sort();
  /** The number of the document in the ConfigMap, when that holds this text. */
  const applied = (name: string, sql: string) =>
    until(`the document of ${name}`, async () => {
      const configMap = await stage.kubernetes.get('configmap', `${name}-bridge`);
      const rules = configMap && parse(configMap.data['bridge.yaml']).spec.rules;
      if (rules?.[0].sql !== sql) return undefined;
      return Number(configMap!.metadata.annotations['mqttkafka.dev/config-hash']);
    });
  const say = async (
    name: string,
    saying: Saying | 'an image without reload',
    which: (ordinal: number) => boolean = () => true,
  ) => {
    for (const { metadata, status } of await live(name))
      if (which(Number(metadata.labels['apps.kubernetes.io/pod-index'] ?? metadata.name.split('-').at(-1))))
        sayings.set(status.podIP, saying);
  };
  const areAsked = (name: string, hash: number) =>
    until(`the Pods of ${name} to be asked`, async () => {
      const all = await live(name);
      return all.every(({ metadata }) => metadata.annotations['mqttkafka.dev/asked-for']?.startsWith(`${hash} `));
    });

  /** A bridge that runs the first document. */
  async function running(name: string) {
    await apply(name, spec(first));
    await until('two Pods with addresses', async () => {
      const all = await live(name);
      return all.length === 2 && all.every(({ status }) => status.podIP !== undefined);
    });
    const hash = await applied(name, first);
    await say(name, { hash });
    await until('what they run', async () => {
      const { replicaConfigs = [] } = await stage.look.status(name);
      return replicaConfigs.length === 2 && replicaConfigs.every((each: Saying) => each.hash === hash);
    });
    await stage.look.reaches(name, 'Ready', 'True');
    const before = { revision: await revision(name), pods: await names(name) };
    const same = async () => {
      expect(await revision(name)).toBe(before.revision);
      expect(await names(name)).toEqual(before.pods);
    };
    return { hash, before, same };
  }

  it('reaches Pods that run, and the bridge is ready when the last of them has taken it', async () => {
    const { same } = await running('live');
    await apply('live', spec(second));
    const hash = await applied('live', second);
    await areAsked('live', hash);
    await stage.look.reaches('live', 'Ready', 'False', 'TakingDocument');
    await stage.look.reaches('live', 'Progressing', 'True', 'TakingDocument');
    await stage.look.reaches('live', 'Reconciling', 'True');
    await say('live', { hash }, ordinal => ordinal === 0);
    await until('one that has taken it', async () => (await stage.look.status('live')).updatedReplicas === 1);
    expect((await stage.look.condition('live', 'Ready'))?.status).toBe('False');
    await say('live', { hash });
    await stage.look.reaches('live', 'Ready', 'True');
    expect(await stage.look.status('live')).toMatchObject({
      configHash: hash,
      updatedReplicas: 2,
      replicaConfigs: [
        { pod: 'live-bridge-0', hash },
        { pod: 'live-bridge-1', hash },
      ],
    });
    await same();
  });

  it('twice in a row, is taken as it is at last', async () => {
    const { same } = await running('twice');
    await apply('twice', spec(second));
    const middle = await applied('twice', second);
    await apply('twice', spec(third));
    const last = await applied('twice', third);
    await say('twice', { hash: middle });
    await areAsked('twice', last);
    await stage.look.reaches('twice', 'Ready', 'False', 'TakingDocument');
    await say('twice', { hash: last });
    await stage.look.reaches('twice', 'Ready', 'True');
    await same();
  });

  it('and that a Pod cannot take, leaves it as it is, with a condition, an event and a remedy', async () => {
    const { hash: before, same } = await running('refused');
    await apply('refused', spec(second));
    const hash = await applied('refused', second);
    await say('refused', { hash }, ordinal => ordinal === 0);
    await say(
      'refused',
      { hash: before, refused: { hash, code: 'mqtt-subscription-refused' } },
      ordinal => ordinal === 1,
    );
    const degraded = await stage.look.reaches('refused', 'Degraded', 'True', 'DocumentRefused');
    expect(degraded?.message).toMatch(/^Pod refused-bridge-1 goes on with .*\(mqtt-subscription-refused.*\)\. \S/);
    await stage.look.reaches('refused', 'Ready', 'False', 'DocumentRefused');
    await expect
      .poll(() => stage.look.events('refused'))
      .toContainEqual(expect.stringMatching(/^DocumentRefused: Pod refused-bridge-1/));
    await same();
    await say('refused', { hash });
    await stage.look.reaches('refused', 'Ready', 'True');
    await stage.look.reaches('refused', 'Degraded', 'False');
    await same();
  });

  it('and that a Pod can only take by a restart, rolls the Pods once', async () => {
    const { hash: before, before: old } = await running('restarts');
    await apply('restarts', spec(second));
    const hash = await applied('restarts', second);
    const refused = { hash, code: 'reload-needs-restart' };
    await say('restarts', { hash: before, refused }, ordinal => ordinal === 1);
    await until('other Pods', async () => {
      const all = await names('restarts');
      return all.length === 2 && all.every(uid => !old.pods.includes(uid));
    });
    await until('their addresses', async () => (await live('restarts')).every(({ status }) => status.podIP));
    await say('restarts', { hash });
    await stage.look.reaches('restarts', 'Ready', 'True');
    const now = await revision('restarts');
    expect(now).not.toBe(old.revision);
    await restartOperator();
    await stage.look.reaches('restarts', 'Ready', 'True');
    expect(await revision('restarts')).toBe(now);
  });

  it('in what needs a restart, right after a change that does not, rolls the Pods', async () => {
    const { before } = await running('both');
    await apply('both', spec(second));
    await areAsked('both', await applied('both', second));
    await apply('both', spec(second, { keepAlive: '7s' }));
    await until('another template', async () => (await revision('both')) !== before.revision);
  });

  it('rolls Pods of an image without reload, as nothing else reaches them', async () => {
    const { before } = await running('older');
    await say('older', 'an image without reload');
    await restartOperator();
    await apply('older', spec(second));
    await until('another template', async () => (await revision('older')) !== before.revision);
    await stage.look.reaches('older', 'Ready', 'True');
  });

  it('while no operator runs, is taken when there is one again', async () => {
    const { same } = await running('alone');
    const since = (await stage.look.condition('alone', 'Ready')) as unknown as { lastTransitionTime: string };
    await restartOperator();
    await kubectl('annotate', 'mkb', 'alone', 'note=looked-at');
    await stage.look.reaches('alone', 'Ready', 'True');
    // It was never unready between: an operator that has just started has asked nobody yet.
    expect(await stage.look.condition('alone', 'Ready')).toMatchObject(since);
    await stage.operator.stop();
    await apply('alone', spec(second));
    stage.operator = await startOperator(stage.kubernetes, { page });
    const hash = await applied('alone', second);
    await areAsked('alone', hash);
    await say('alone', { hash });
    await stage.look.reaches('alone', 'Ready', 'True');
    await same();
  });

  describe('afterwards', () => {
    expectNoFaults(stage);
  });
});
