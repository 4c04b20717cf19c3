/** An MqttUser as a Kubernetes custom resource. */
import { apiVersion } from './bridge.ts';
import { column, ofReady, type Schema, schemaOf } from './crd.ts';
import { celRules } from './crd-rules.ts';
import { userField, userKind, userStatus } from './mqtt-user.ts';
import type { Field } from './schema/fields.ts';

const plural = 'mqttusers';
const [group, version] = apiVersion.split('/') as [string, string];

/** Its name, and that of its file in crds/. */
export const userCrdName = `${plural}.${group}`;

/** The CustomResourceDefinition [apiextensions.k8s.io/v1]. Not in the category `all`: a fleet has thousands. */
export const userResourceDefinition = () => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: userCrdName, labels: { 'app.kubernetes.io/name': 'mqtt-kafka-kit' } },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: userKind, listKind: `${userKind}List`, plural, singular: userKind.toLowerCase() },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        additionalPrinterColumns: [
          column('Bridge', '.spec.bridgeRef.name', 'The bridge whose broker it is.'),
          column('User', '.status.username', 'The user name.'),
          column('Ready', ofReady('status'), 'Whether the broker lets the user in.'),
          column('Reason', ofReady('reason'), 'Why it is ready or not.'),
          column('Age', '.metadata.creationTimestamp', 'How long it has been there.', { type: 'date' }),
          column('Message', ofReady('message'), 'Why it is ready or not, for people.', { priority: 1 }),
        ],
        subresources: { status: {} },
        schema: { openAPIV3Schema: rootSchema() },
      },
    ],
  },
});

function rootSchema(): Schema {
  const { description, properties } = userField;
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: properties!.apiVersion!.description },
      kind: { type: 'string', description: properties!.kind!.description },
      metadata: { type: 'object' },
      spec: schemaOf(properties!.spec!, 'user.spec', 0),
      status: schemaOf(userStatus as unknown as Field, 'user.status', 0),
    },
    'x-kubernetes-validations': celRules.user,
  };
}
