/** How Argo CD shows bridges: a patch of its ConfigMap. https://argo-cd.readthedocs.io/en/stable/operator-manual/health/#custom-health-checks */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiVersion, kind } from '../../api/bridge.ts';

const script = join(import.meta.dirname, '../argocd/health.lua');

/** The key that Argo CD finds the script by. */
export const healthKey = `resource.customizations.health.${apiVersion.split('/')[0]}_${kind}`;

export const argocdPatch = () => ({ data: { [healthKey]: readFileSync(script, 'utf8') } });
