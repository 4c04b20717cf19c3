/**
 * The fields of a Pod and of the objects that overrides patch, by the types of Kubernetes' API, out of the client library, which is made from the API
 * itself: for naming typos.
 */
import * as models from '@kubernetes/client-node';

interface Model {
  getAttributeTypeMap?(): readonly { readonly baseName: string; readonly type: string }[];
}

/** `V1Container` of `Array<V1Container>` as `[]V1Container`; of a value, or a map of values, only whether it is a list or a map. */
function shortType(type: string): string {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return `[]${shortType(list)}`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map !== undefined) return '{}';
  return fieldsOf(type) ? type : '';
}

const fieldsOf = (type: string) => (models as unknown as Record<string, Model>)[type]?.getAttributeTypeMap?.();

const roots = [
  'V1PodTemplateSpec',
  'V1StatefulSet',
  'V1Deployment',
  'V1Service',
  'V1ServiceAccount',
  'V1PodDisruptionBudget',
  'V2HorizontalPodAutoscaler',
  'V1NetworkPolicy',
];

/** By type, each field with its own type. */
export function kubernetesFields(): Record<string, Record<string, string>> {
  const table: Record<string, Record<string, string>> = {};
  const visit = (type: string): void => {
    const fields = fieldsOf(type);
    if (table[type] || fields === undefined) return;
    table[type] = {};
    for (const { baseName, type: own } of fields) {
      if (baseName === 'status') continue;
      const short = shortType(own);
      table[type][baseName] = short;
      visit(short.replace(/^(\[\])+/, ''));
    }
  };
  for (const root of roots) visit(root);
  return table;
}
