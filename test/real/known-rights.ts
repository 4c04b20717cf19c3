/**
 * The API server reads roles and bindings a moment after they are written, each kind in its order. So whoever was given rights waits until it
 * knows of some that were written later: otherwise the first requests of an operator are refused now and then.
 */
import { until } from './until.ts';

const group = 'rbac.authorization.k8s.io';
let count = 0;

/** Waits until all rights are in force that have been given so far. */
export async function rightsAreKnown(kubectl: (args: readonly string[], stdin?: string) => Promise<string>) {
  const name = `known-${count++}`;
  const metadata = { name };
  const role = (kind: string, rule: object) => [
    { apiVersion: `${group}/v1`, kind, metadata, rules: [{ verbs: ['get'], ...rule }] },
    {
      apiVersion: `${group}/v1`,
      kind: `${kind}Binding`,
      metadata,
      subjects: [{ kind: 'User', apiGroup: group, name }],
      roleRef: { apiGroup: group, kind, name },
    },
  ];
  const review = (question: object) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: name, ...question },
  });
  const roles = [
    ...role('ClusterRole', { nonResourceURLs: [`/${name}`] }),
    ...role('Role', { apiGroups: [''], resources: ['configmaps'], resourceNames: [name] }),
  ];
  const reviews = [
    review({ nonResourceAttributes: { verb: 'get', path: `/${name}` } }),
    review({ resourceAttributes: { verb: 'get', resource: 'configmaps', name, namespace: 'default' } }),
  ];
  const all = (verb: string, items: readonly object[], ...options: string[]) =>
    kubectl([verb, '-f', '-', ...options], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await all('create', roles, '-n', 'default');
  await until('rights to be known', async () => {
    const answers = await all('create', reviews, '-o', 'json');
    return [...answers.matchAll(/"allowed": true/g)].length === reviews.length;
  });
  await all('delete', roles, '-n', 'default', '--wait=false');
}
