import { describe, expect, it } from 'vitest';
import { defaultConfiguration, loadConfigurationText } from '../../operator/configuration.ts';

const load = (spec: string) =>
  loadConfigurationText(`apiVersion: mqttkafka.dev/v1alpha1\nkind: MqttKafkaOperator\n${spec}`, 'operator.yaml');

describe("the operator's configuration", () => {
  it('has a default for everything', () => {
    expect(load('').document?.spec).toEqual(defaultConfiguration());
    expect(defaultConfiguration()).toMatchObject({
      imageUpdates: 'keep',
      namespaces: [],
      leaderElection: { enabled: true },
    });
  });

  it('says where something is wrong', () => {
    expect(load('spec:\n  replicas: -1\n  namspaces: [a]\n').problems).toMatchObject([
      { line: 4, column: 13, path: 'spec.replicas' },
      { line: 5, column: 3, message: expect.stringContaining('`namespaces`') },
    ]);
  });

  it('names a typo in the podTemplate of all bridges with its place', () => {
    expect(load('spec:\n  defaults:\n    podTemplate: {spec: {tolerationz: []}}\n').problems).toMatchObject([
      { line: 5, path: 'spec.defaults.podTemplate.spec.tolerationz', message: expect.stringContaining('tolerations?') },
    ]);
  });

  it('is told from a document of another kind', () => {
    const { problems } = loadConfigurationText('apiVersion: mqttkafka.dev/v1alpha1\nkind: MqttKafkaBridge\n', 'a.yaml');
    expect(problems).toMatchObject([{ path: 'kind', message: expect.stringContaining('not MqttKafkaOperator') }]);
  });
});
