/** `service`: fields that belong to another type of Service. */
import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { ServiceSection } from '../schema/service.ts';

export const checkService = (path: Path, { type, ...fields }: ServiceSection): Finding[] => {
  const exposed = ['nodePort', 'externalTrafficPolicy'] as const;
  const balanced = ['loadBalancerClass', 'loadBalancerSourceRanges'] as const;
  const said = (name: keyof typeof fields) => {
    const value = fields[name];
    return value !== undefined && !(Array.isArray(value) && value.length === 0);
  };
  const unfit = (name: string, needed: string) =>
    conflict(
      [...path, name],
      `\`${name}\` is given, and the type of the Service is ${type}.`,
      `Set \`type: ${needed}\`.`,
    );
  return [
    ...(type === 'ClusterIP' ? exposed.filter(said).map(name => unfit(name, 'LoadBalancer')) : []),
    ...(type === 'LoadBalancer' ? [] : balanced.filter(said).map(name => unfit(name, 'LoadBalancer'))),
  ];
};

const conflict = (path: Path, reason: string, remedy: string): Finding =>
  finding(path, 'field-conflict', { reason }, { at: 'key', remedy });
