/**
 * The operator as a bundle for the Operator Lifecycle Manager (OLM), in the format registry+v1: a folder of manifests, and one that says what it is.
 * What OLM makes by itself is not in it: the service account, roles, and roles for people. A NetworkPolicy is not either: OLM takes it
 * only in its newest versions.
 *
 * https://olm.operatorframework.io/docs/tasks/creating-operator-bundle/
 */
import { crdName, customResourceDefinition } from '../../../api/crd.ts';
import { userCrdName, userResourceDefinition } from '../../../api/user-crd.ts';
import { operatorName } from '../names.ts';
import { type Manifest, ownObjects } from '../objects.ts';
import { metricsReader } from '../roles.ts';
import { clusterServiceVersion } from './service-version.ts';

/** What goes with the Deployment, and OLM takes as it is. */
const companions = { ConfigMap: 'configuration', Service: 'service', PodDisruptionBudget: 'pod-disruption-budget' };

/** By the name of the file. */
export const bundleManifests = (): Readonly<Record<string, Manifest>> => ({
  [`${operatorName}.clusterserviceversion.yaml`]: clusterServiceVersion(),
  [`${crdName}.yaml`]: customResourceDefinition(),
  [`${userCrdName}.yaml`]: userResourceDefinition(),
  'metrics-reader.yaml': metricsReader,
  ...Object.fromEntries(
    Object.entries(companions).map(([kind, file]) => [`${file}.yaml`, ownObjects.find(each => each.kind === kind)!]),
  ),
});

const prefix = 'operators.operatorframework.io.bundle';
const channel = 'alpha';

const annotations = {
  [`${prefix}.mediatype.v1`]: 'registry+v1',
  [`${prefix}.manifests.v1`]: 'manifests/',
  [`${prefix}.metadata.v1`]: 'metadata/',
  [`${prefix}.package.v1`]: operatorName,
  [`${prefix}.channels.v1`]: channel,
  [`${prefix}.channel.default.v1`]: channel,
};

export const bundleMetadata = { annotations };

/** The image of a bundle has no program in it, only these files; tools read what it is from its labels. */
export const bundleDockerfile = `FROM scratch
${Object.entries(annotations)
  .map(([name, value]) => `LABEL ${name}=${value}`)
  .join('\n')}
COPY manifests /manifests/
COPY metadata /metadata/
`;
