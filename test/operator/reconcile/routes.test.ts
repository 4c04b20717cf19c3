import { describe, expect, it } from 'vitest';
import { answers } from '../../../operator/reconcile/conditions.ts';
import { routesFound } from '../../../operator/reconcile/routes.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { findingsOf } from '../support/resources.ts';

const made = '2026-11-30T10:00:00Z';
const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public', namespace: 'gateways' };
const condition = (type: string, status: string, reason: string) => ({ type, status, reason, message: `${reason}.` });

/** A route to the Gateway `gateways/public`, and what that says of it. */
const routeWith = (...parents: object[]): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'TLSRoute',
  metadata: { name: 'cars-broker', namespace: 'shop', creationTimestamp: made },
  spec: { parentRefs: [{ name: 'public', namespace: 'gateways' }] },
  status: { parents },
});

function degradedBy(route: KubeObject, afterSeconds: number, unserved: string[] = []) {
  const routes = routesFound([route], new Date(Date.parse(made) + 1000 * afterSeconds));
  const { status, reason, message } = answers(findingsOf({ routes, unserved })).find(
    ({ type }) => type === 'Degraded',
  )!;
  return `${status} ${reason}: ${message}`;
}

describe('a route to a managed broker', () => {
  it('that its Gateway takes is as expected', () => {
    const taken = {
      parentRef,
      conditions: [condition('Accepted', 'True', 'Accepted'), condition('ResolvedRefs', 'True', 'ResolvedRefs')],
    };
    expect(degradedBy(routeWith(taken), 60)).toBe('False AsExpected: ');
  });

  // Clients from outside reached nothing, and the bridge was Ready without a word.
  it.each([
    'NotAllowedByListeners',
    'NoMatchingParent',
    'NoMatchingListenerHostname',
  ])('that its Gateway refuses as %s makes the bridge degraded, with what to do', reason => {
    const refused = { parentRef, conditions: [condition('Accepted', 'False', reason)] };
    expect(degradedBy(routeWith(refused), 0)).toBe(
      `True RouteNotAccepted: TLSRoute cars-broker: Gateway gateways/public says ${reason}: ${reason}.. Correct the gateway of the document, or let the listener take such routes of this namespace (its protocol, and allowedRoutes).`,
    );
  });

  it('that no Gateway answers for is given half a minute', () => {
    expect(degradedBy(routeWith(), 29)).toBe('False AsExpected: ');
    expect(degradedBy(routeWith(), 31)).toContain(
      'True RouteNotAccepted: TLSRoute cars-broker: Gateway gateways/public has not answered',
    );
    const other = {
      parentRef: { ...parentRef, name: 'other' },
      conditions: [condition('Accepted', 'True', 'Accepted')],
    };
    expect(degradedBy(routeWith(other), 31)).toContain('Gateway gateways/public has not answered');
  });

  it('that the cluster does not have is named, with the version that has it', () => {
    expect(degradedBy(routeWith(), 0, ['TLSRoute'])).toMatch(/^True GatewayApiMissing: .*no TLSRoute.*from 1\.5/);
  });

  it('is no matter of the monitoring', () => {
    const { status, reason } = answers(findingsOf({ unserved: ['TLSRoute'] })).find(
      ({ type }) => type === 'MonitoringReady',
    )!;
    expect([status, reason]).toEqual(['True', 'NotAsked']);
  });
});
