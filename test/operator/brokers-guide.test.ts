/** What docs/kubernetes-brokers.md says of documents, names and ports. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { completeDocument } from '../../api/complete.ts';
import { brokerObjects } from '../../operator/resources/broker/broker.ts';
import { brokerUsersSecretName } from '../../operator/resources/names.ts';
import { load, told } from '../api/support/documents.ts';
import { objectOf, pipelineOf } from './support/pipelines.ts';

const text = readFileSync('docs/kubernetes-brokers.md', 'utf8');
const document = parse(/```yaml\n([\s\S]*?)```/.exec(text)![1]!);

const objectsOf = (kind: string) => {
  const pipeline = pipelineOf();
  const broker = { ...document.spec.mqtt.broker, kind };
  const named = completeDocument({ ...document, spec: { ...document.spec, mqtt: { broker } } });
  return brokerObjects({ ...pipeline, document: named }, []);
};

describe('docs/kubernetes-brokers.md', () => {
  it('shows a document that is right', () => {
    expect(told(load(document))).toEqual([]);
  });

  it('names Services, Secrets, keys and volumes that there are', () => {
    const [mosquitto, emqx] = [objectsOf('mosquitto'), objectsOf('emqx')];
    const names = new Set([...mosquitto, ...emqx].map(({ metadata }) => metadata.name));
    const volume = 'data-my-vehicles-broker-0';
    // Made by others than the broker's own objects: for its Pods, or of MqttUsers.
    const others = new Set([
      'my-vehicles-broker-0',
      'my-vehicles-broker-tls',
      volume,
      brokerUsersSecretName('my-vehicles'),
    ]);
    for (const [name] of text.matchAll(/(data-)?my-vehicles-broker[-a-z0-9]*/g)) {
      if (!others.has(name)) expect([...names]).toContain(name);
    }
    const { spec, metadata } = objectOf(mosquitto, 'StatefulSet');
    expect(`${spec.volumeClaimTemplates[0].metadata.name}-${metadata.name}-0`).toBe(volume);
    expect(objectOf(emqx, 'Secret', 'my-vehicles-broker-emqx').data).toHaveProperty('dashboard-password');
    expect(objectOf(mosquitto, 'Service', 'my-vehicles-broker').spec.ports).toMatchObject([{ port: 8883 }]);
    expect(spec.template.spec.containers[0].resources.limits.memory).toBe(/limits\.memory` \((\w+)\)/.exec(text)![1]);
  });

  it('selects volumes by labels that Kubernetes gives to them', () => {
    const [, selector] = /--selector (\S+)/.exec(text)!;
    const {
      selector: { matchLabels },
    } = objectOf(objectsOf('mosquitto'), 'StatefulSet').spec;
    for (const [label, value] of selector!.split(',').map(each => each.split('='))) {
      expect(matchLabels[label!]).toBe(value);
    }
  });

  it('names containers of the Pods', () => {
    for (const kind of ['mosquitto', 'emqx']) {
      const { initContainers, containers } = objectOf(objectsOf(kind), 'StatefulSet').spec.template.spec;
      const users = kind === 'mosquitto' ? ['users'] : [];
      expect([...initContainers, ...containers].map(({ name }) => name)).toEqual(['passwords', 'broker', ...users]);
    }
  });
});
