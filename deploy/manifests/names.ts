/** The operator as it is installed: names that are the same in kustomize, in install.yaml, and in the chart's defaults. */
import packageJson from '../../package.json' with { type: 'json' };

export const operatorName = 'mqtt-kafka-operator';
/** The namespace that install.yaml makes. */
export const operatorNamespace = 'mqtt-kafka-system';
export const version = packageJson.version;
/** One image for everything: the bridge, the exporter and the operator are its commands. */
export const image = `mkb:${version}`;

/** Selects the operator's Pods: never changes, because a Deployment's selector cannot. */
export const selector = {
  'app.kubernetes.io/name': operatorName,
  'app.kubernetes.io/component': 'operator',
};

export const labels = {
  ...selector,
  'app.kubernetes.io/part-of': 'mqtt-kafka-kit',
  'app.kubernetes.io/version': version,
};

/** Where it serves /metrics, /healthz and /readyz. */
export const httpPort = 8080;

/** The metadata of an object called `name`. */
export const metadata = (name: string = operatorName) => ({ name, labels });
