/** `gateway`: what the Gateway API would refuse in a route, before it is made. */
import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { GatewaySection } from '../schema/gateway.ts';

/** [Gateway API: TLSRoute.spec.parentRefs] */
const mostParents = 32;

const conflict = (path: Path, reason: string, remedy: string): Finding =>
  finding(path, 'field-conflict', { reason }, { at: 'key', remedy });

/** @param tls where the server that it leads to would serve TLS; undefined if it does */
export function checkGateway(path: Path, gateway: GatewaySection | undefined, tls: string | undefined): Finding[] {
  if (gateway === undefined) return [];
  const found = checkParents([...path, 'parentRefs'], gateway.parentRefs);
  gateway.hostnames.forEach((name, index) => {
    if (!/^[0-9.]+$/.test(name)) return;
    const reason = `\`${name}\` is an address, and no client asks for one by name.`;
    found.push(conflict([...path, 'hostnames', index], reason, 'Leave out `hostnames`, or give a name.'));
  });
  if (gateway.hostnames.length > 0 && tls !== undefined) {
    const reason = '`hostnames` are what TLS clients ask for, and no TLS is served.';
    found.push(conflict([...path, 'hostnames'], reason, `Set ${tls}, or leave out \`hostnames\`.`));
  }
  return found;
}

/** Where several lead to the same Gateway, each must be another listener of it. */
function checkParents(path: Path, parents: GatewaySection['parentRefs']): Finding[] {
  if (parents.length > mostParents) {
    return [conflict(path, `There are more than ${mostParents}.`, 'Make another route beside the operator.')];
  }
  const same = (one: (typeof parents)[number], other: (typeof parents)[number]) =>
    one.kind === other.kind && one.namespace === other.namespace && one.name === other.name;
  return parents.flatMap((parent, index) => {
    const before = parents.slice(0, index).filter(other => same(parent, other));
    const apart = before.every(
      ({ sectionName }) =>
        sectionName !== undefined && parent.sectionName !== undefined && sectionName !== parent.sectionName,
    );
    if (apart) return [];
    const reason = `${parent.kind} ${parent.name} is named twice without different listeners.`;
    return [conflict([...path, index], reason, 'Give each its own `sectionName`, or leave one out.')];
  });
}
