/**
 * The webhook: the API server sends each document to the operator before it stores it. An installation has it only where it is asked, for it needs a
 * certificate that somebody renews; cert-manager as a rule.
 *
 * While no operator answers, documents are stored all the same: what is wrong with them is then reported by their status alone.
 */
import { apiVersion } from '../../api/bridge.ts';
import { kinds } from '../../operator/kinds.ts';
import { webhookPath } from '../../operator/webhook/server.ts';
import { labels, metadata, operatorName, operatorNamespace, selector } from './names.ts';
import type { Manifest } from './objects.ts';

const name = `${operatorName}-webhook`;
/** Where the operator serves it, and what its Pods call the port. */
const port = 9443;
const portName = 'webhook';
const certificates = '/etc/mkb-webhook';
const [group] = apiVersion.split('/') as [string];

const certManager = 'cert-manager.io/v1';

/** What is sent where, and by whom the server is known. */
export const webhookConfiguration: Manifest = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name, labels, annotations: { 'cert-manager.io/inject-ca-from': `${operatorNamespace}/${name}` } },
  webhooks: [
    {
      name: `bridges.${group}`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      timeoutSeconds: 5,
      clientConfig: { service: { name, namespace: operatorNamespace, path: webhookPath, port: 443 } },
      rules: [
        { apiGroups: [group], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: [kinds.bridge.plural] },
      ],
    },
  ],
};

export const webhookObjects: readonly Manifest[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name),
    spec: { selector, ports: [{ name: portName, port: 443, targetPort: portName }] },
  },
  webhookConfiguration,
  { apiVersion: certManager, kind: 'Issuer', metadata: metadata(name), spec: { selfSigned: {} } },
  {
    apiVersion: certManager,
    kind: 'Certificate',
    metadata: metadata(name),
    spec: {
      secretName: name,
      issuerRef: { name },
      dnsNames: [`${name}.${operatorNamespace}.svc`],
      privateKey: { algorithm: 'ECDSA', rotationPolicy: 'Always' },
    },
  },
];

/** What it changes of the operator's own objects [RFC 6902]. */
export const webhookPatches = {
  deployment: [
    ...['--webhook', `0.0.0.0:${port}`, '--webhook-certificates', certificates].map(value => ({
      op: 'add',
      path: '/spec/template/spec/containers/0/args/-',
      value,
    })),
    { op: 'add', path: '/spec/template/spec/containers/0/ports/-', value: { name: portName, containerPort: port } },
    {
      op: 'add',
      path: '/spec/template/spec/containers/0/volumeMounts/-',
      value: { name: portName, mountPath: certificates, readOnly: true },
    },
    {
      op: 'add',
      path: '/spec/template/spec/volumes/-',
      value: { name: portName, secret: { secretName: name, defaultMode: 0o440 } },
    },
    // The group that may read the key.
    { op: 'add', path: '/spec/template/spec/securityContext/fsGroup', value: 1000 },
  ],
  networkPolicy: [{ op: 'add', path: '/spec/ingress/0/ports/-', value: { port: portName, protocol: 'TCP' } }],
};

/** The component that an overlay names. */
export const webhookComponent = {
  apiVersion: 'kustomize.config.k8s.io/v1alpha1',
  kind: 'Component',
  resources: ['webhook.yaml'],
  patches: [
    { target: { kind: 'Deployment', name: operatorName }, patch: JSON.stringify(webhookPatches.deployment, null, 2) },
    {
      target: { kind: 'NetworkPolicy', name: operatorName },
      patch: JSON.stringify(webhookPatches.networkPolicy, null, 2),
    },
  ],
};
