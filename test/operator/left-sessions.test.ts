/** What a bridge leaves behind when it is deleted or changed, on a real API server with its garbage collector. Pods are kwok's: drains succeed at once. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../operator/runtime/object.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { expectNoFaults, stageForBridges } from './support/bridge-stage.ts';
import { startOperator } from './support/stage.ts';

const password = { valueFrom: { secretKeyRef: { name: 'mqtt', key: 'password' } } };
const shared = (mqtt: object = {}, replicas = 2) => ({
  mqtt: { url: 'mqtt://broker.example:1883', share: 's', ...mqtt },
  bridge: { replicas },
});

/** Clients connect to the bridge. */
const listening = (clients: object = {}, replicas = 1) =>
  ({
    mqtt: { listen: [{ port: 1883 }], clients: { anonymous: true, ...clients } },
    bridge: { replicas },
  }) as Parameters<ReturnType<typeof stageForBridges>['apply']>[1];

describeReal('kubernetes', 'kwok')('an operator', () => {
  const stage = stageForBridges();
  const { kubectl, apply, annotate, pods, owned } = stage;

  const exists = async (kind: string, name: string) => (await stage.kubernetes.get(kind, name)) !== undefined;
  /** The Jobs that were ever made whose names begin so. */
  const jobsMade = async (prefix: string) => {
    const requests = await stage.kubernetes.audit();
    const made = requests.filter(
      ({ resource, verb, code, name }) =>
        resource === 'jobs' && verb === 'patch' && code === 201 && name.startsWith(prefix),
    );
    return made.map(({ name }) => name).sort();
  };
  /** What its status says of sessions that were left. The API server makes null of a list that is no longer written. */
  const left = async (name: string): Promise<object[]> => (await stage.look.status(name))?.leftSessions ?? [];
  const ready = (name: string) => stage.look.reaches(name, 'Ready', 'True');
  const noneLeft = (name: string) =>
    until(`nothing of ${name} to be left`, async () => {
      const objects = 'sts,deploy,svc,cm,secret,sa,pdb,netpol,job,pod';
      return (await kubectl('get', objects, '-o', 'name', '-l', `app.kubernetes.io/instance=${name}`)) === '';
    });

  describe('whose bridge is deleted', () => {
    // With --cascade=foreground, Argo CD's default, the ConfigMap and the Secrets were gone before the drain: of 500 messages 0 reached Kafka.
    it.each([
      'foreground',
      'background',
    ])('with --cascade=%s drains its sessions, with its Secrets gone, and leaves nothing', async cascade => {
      const name = `gone-${cascade}`;
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'mqtt', namespace: 'default' },
        stringData: { password: 'p' },
      };
      await stage.kubernetes.apply(secret);
      await apply(name, shared({ auth: { username: 'u', password } }));
      await ready(name);
      await kubectl('delete', 'secret', 'mqtt', '--wait=false');
      await kubectl('delete', 'mkb', name, `--cascade=${cascade}`, '--timeout=120s');
      expect(await jobsMade(`${name}-drain`)).toEqual([`${name}-drain-0`, `${name}-drain-1`]);
      await expect.poll(() => stage.look.events(name)).toContainEqual(expect.stringMatching(/^Drained: 2 sessions/));
      await noneLeft(name);
    });

    it.each([
      'foreground',
      'background',
    ])('with --cascade=%s and with its own broker drains that before it goes', async cascade => {
      const name = `own-${cascade}`;
      await apply(name, { mqtt: { broker: { kind: 'mosquitto' } } });
      await ready(name);
      const deleting = kubectl('delete', 'mkb', name, `--cascade=${cascade}`, '--timeout=120s');
      await until('a drain', async () => (await jobsMade(`${name}-drain`)).length === 1);
      await deleting;
      const requests = await stage.kubernetes.audit();
      const at = (verb: string, resource: string, object: string) =>
        requests.findLastIndex(
          each => each.verb === verb && each.resource === resource && each.name === object && each.code < 300,
        );
      // Its StatefulSet was still there when the drain was made, and the collector came for it afterwards.
      await noneLeft(name);
      const later = await stage.kubernetes.audit();
      const removed = later.findIndex(
        each => each.verb === 'delete' && each.resource === 'statefulsets' && each.name === `${name}-broker`,
      );
      expect(removed).toBeGreaterThan(at('patch', 'jobs', `${name}-drain-0`));
    });

    // A StatefulSet is replaced without its Pods. Whoever deleted the bridge at that moment waited in vain: Pods ran on, and messages stayed.
    it.each(['foreground', 'background'])('with --cascade=%s ends Pods that nobody has, and drains', async cascade => {
      const name = `loose-${cascade}`;
      await apply(name, shared());
      await ready(name);
      await stage.operator.stop();
      await kubectl('delete', 'statefulset', `${name}-bridge`, '--cascade=orphan');
      expect((await pods(name)).map(({ metadata }) => metadata.ownerReferences)).toEqual([undefined, undefined]);
      // A Pod of somebody else with our labels must not be waited for.
      const labels = { 'app.kubernetes.io/instance': name, 'app.kubernetes.io/component': 'bridge' };
      const podLabels = { ...labels, 'app.kubernetes.io/managed-by': 'mqtt-kafka-operator' };
      await stage.kubernetes.apply({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `other-${cascade}`, namespace: 'default', labels: podLabels },
        spec: { containers: [{ name: 'a', image: 'a' }] },
      });
      await kubectl('delete', 'mkb', name, `--cascade=${cascade}`, '--wait=false');
      stage.operator = await startOperator(stage.kubernetes);
      await kubectl('wait', '--for=delete', `mkb/${name}`, '--timeout=120s');
      await expect.poll(() => stage.look.events(name)).toContainEqual(expect.stringMatching(/^Drained: 2 sessions/));
      await kubectl('delete', 'pod', `other-${cascade}`, '--wait=false');
      await noneLeft(name);
    });

    // It drained the sessions and ended them, and whoever had wanted to go on with what was made found nothing.
    it('with --cascade=orphan leaves all of it as it is, and takes it up again when it comes back', async () => {
      await apply('orphan', shared());
      await ready('orphan');
      const before = (await pods('orphan')).map(({ metadata }) => metadata.uid).sort();
      await kubectl('delete', 'mkb', 'orphan', '--cascade=orphan', '--timeout=120s');
      await expect.poll(() => stage.look.events('orphan')).toContainEqual(expect.stringMatching(/^Orphaned: /));
      for (const [kind, object] of [
        ['statefulset', 'orphan-bridge'],
        ['configmap', 'orphan-bridge'],
        ['secret', 'orphan-sessions'],
      ]) {
        expect(await exists(kind!, object!), `${kind} ${object}`).toBe(true);
      }
      expect(await jobsMade('orphan-drain')).toEqual([]);
      await apply('orphan', shared({ clientId: 'another' }));
      await ready('orphan');
      await until(
        'the sessions that it had to be drained',
        async () => (await jobsMade('orphan-sessions')).length === 2,
      );
      expect(before).toHaveLength(2);
      await until('no sessions to be left', async () => (await left('orphan')).length === 0);
    });
  });

  describe('whose bridge is changed', () => {
    const changes: [string, Parameters<typeof apply>[1], Parameters<typeof apply>[1], number][] = [
      ['the client id', shared(), shared({ clientId: 'b' }), 2],
      ['client id and address', shared(), shared({ clientId: 'b', url: 'mqtt://other.example' }), 2],
      ['client id and group', shared(), shared({ clientId: 'b', share: 't' }), 2],
      ['no group', shared({}, 1), { mqtt: { url: 'mqtt://broker.example:1883' }, bridge: { replicas: 1 } }, 1],
      ['a group', { mqtt: { url: 'mqtt://broker.example:1883' } }, shared({}, 1), 1],
      ['no broker of its own', { mqtt: { broker: { kind: 'mosquitto' } } }, { mqtt: { url: 'mqtt://a' } }, 1],
      ['a broker of its own', { mqtt: { url: 'mqtt://a' } }, { mqtt: { broker: { kind: 'mosquitto' } } }, 1],
      ['no group and one replica', shared({}, 3), { mqtt: { url: 'mqtt://broker.example:1883' } }, 3],
      ['clients of its own', shared(), listening({ sessions: { expiry: '0s' } }, 2), 2],
      ['clients in place of its broker', { mqtt: { broker: { kind: 'mosquitto' } } }, listening(), 1],
      ['fewer replicas too', shared({}, 3), shared({ clientId: 'b' }, 1), 3],
    ];
    // Half of the messages stayed in sessions that nobody drained, with Ready=True.
    it.each(changes)('to another session (%s) drains what it left', async (what, before, after, sessions) => {
      const name = `to-${what.replaceAll(' ', '-')}`.slice(0, 30);
      await apply(name, before);
      await ready(name);
      await apply(name, after);
      await until('drains of all that was left', async () => (await jobsMade(`${name}-sessions-`)).length === sessions);
      await ready(name);
      await until('nothing to be left', async () => {
        const secrets = await kubectl('get', 'secrets', '-o', 'name');
        return (await left(name)).length === 0 && !secrets.includes(`${name}-sessions-`);
      });
      await expect
        .poll(() => stage.look.events(name))
        .toContainEqual(expect.stringContaining('which an older document left, were drained'));
      if (what === 'no broker of its own')
        await until('its broker to go', async () => !(await owned(name)).includes(`StatefulSet/${name}-broker`));
    });

    it('waits with the drain until all replicas run, and says where the sessions are', async () => {
      await apply('waits', shared());
      await ready('waits');
      await apply('waits', { ...shared({ clientId: 'b' }), bridge: { replicas: 2, image: 'mkb:broken' } });
      await until('the sessions to be named', async () => (await left('waits')).length === 1);
      expect(await left('waits')).toEqual([
        { broker: 'mqtt://broker.example:1883', clientId: 'default.waits', share: 's', sessions: 2 },
      ]);
      expect(await jobsMade('waits-sessions-')).toEqual([]);
      // And back: the sessions are the bridge's own again.
      await apply('waits', shared());
      await ready('waits');
      await until('no sessions to be left', async () => (await left('waits')).length === 0);
      expect((await stage.look.status('waits')).sessions).toBe(2);
    });

    it('keeps what a bridge left that is stopped, until it runs again', async () => {
      await apply('stopped', shared());
      await ready('stopped');
      await apply('stopped', shared({}, 0));
      await stage.look.reaches('stopped', 'Ready', 'True', 'ScaledToZero');
      await apply('stopped', shared({ clientId: 'b' }, 0));
      await until('the sessions to be named', async () => (await left('stopped')).length === 1);
      expect(await jobsMade('stopped-sessions-')).toEqual([]);
      await apply('stopped', shared({ clientId: 'b' }, 1));
      await until('drains', async () => (await jobsMade('stopped-sessions-')).length === 2);
    });

    const refused: [string, string, Parameters<typeof apply>[1], Parameters<typeof apply>[1]][] = [
      ['SessionAddressChanged', 'mqtt.url', shared(), shared({ url: 'mqtts://broker.example' })],
      ['SessionGroupChanged', 'mqtt.share', shared(), shared({ share: 't' })],
    ];
    it.each(
      refused,
    )('so that messages could be lost says how to do it, and goes on (%s)', async (_, field, before, after) => {
      const name = `refused-${field.replace('.', '-')}`;
      await apply(name, before);
      await ready(name);
      const revision = await stage.revision(name);
      await apply(name, after);
      const { message } = await stage.look.reaches(name, 'Ready', 'False', 'DocumentInvalid');
      expect(message).toContain(`spec.${field}: Messages may wait`);
      expect(message).toContain('another mqtt.clientId');
      expect(await stage.revision(name)).toBe(revision);
      // The webhook refuses it with the same words, also without the annotations that `kubectl replace` takes away.
      const stored = (await stage.kubernetes.get('mqttkafkabridge', name)) as never as KubeObject;
      for (const metadata of [stored.metadata, { ...stored.metadata, annotations: {} }]) {
        const [refused, ...more] = stage.operator.refused({ ...stored, metadata });
        expect([message, more]).toEqual([expect.stringContaining(refused!.message), []]);
      }
      await annotate(name, `mqttkafka.dev/accept-changes=${field}`);
      const accepted = (await stage.kubernetes.get('mqttkafkabridge', name)) as never as KubeObject;
      expect(stage.operator.refused(accepted)).toEqual([]);
      await ready(name);
      expect(await stage.revision(name)).not.toBe(revision);
      expect(await jobsMade(`${name}-sessions-`)).toEqual([]);
    });

    it('hands filters that it no longer has to the bridge, and rolls it once', async () => {
      const rule = (filter: string) => [
        { name: 'r', sql: `SELECT payload FROM "${filter}"`, sinks: [{ kafka: { topic: 't' } }] },
      ];
      await apply('filters', { ...shared(), rules: rule('old/#') });
      await ready('filters');
      await apply('filters', { ...shared(), rules: rule('new/#') });
      const text = async () =>
        (await stage.kubernetes.get('configmap', 'filters-bridge'))!.data['bridge.yaml'] as string;
      await until('the filter to be handed over', async () => /unsubscribe:\s+- \$share\/s\/old\/#/.test(await text()));
      await ready('filters');
      const revision = await stage.revision('filters');
      await annotate('filters', 'some=thing');
      await apply('filters', { ...shared(), rules: rule('new/#'), monitoring: { exporter: {} } });
      await ready('filters');
      expect(await stage.revision('filters')).toBe(revision);
      await apply('filters', { ...shared(), rules: rule('newest/#') });
      await until('another to be handed over', async () => (await text()).includes('$share/s/new/#'));
      expect(await text()).not.toContain('old/#');
    });
  });

  expectNoFaults(stage);
});
