import { expect, it } from 'vitest';
import { documentOf, load, told } from '../support/documents.ts';

const tls = { secretName: 'cars-tls' };
const toldOf = (gateway: object, more: object = {}) =>
  told(load(documentOf({ mqtt: { broker: { kind: 'mosquitto', gateway, ...more } } })));

it.each([
  [{ parentRefs: [{ name: 'public' }] }, {}],
  [
    { parentRefs: [{ name: 'public', namespace: 'gateways', sectionName: 'mqtts' }], hostnames: ['a.example.com'] },
    { tls },
  ],
  [{ parentRefs: [{ name: 'a', sectionName: 'one' }, { name: 'a', sectionName: 'two' }, { name: 'b' }] }, { tls }],
  [{ parentRefs: [{ name: 'a' }, { name: 'a', namespace: 'b' }, { name: 'a', kind: 'ListenerSet' }] }, {}],
])('a route %j is fine', (gateway, more) => {
  expect(toldOf(gateway, more)).toEqual([]);
});

it.each([
  [{}, {}, 'spec.mqtt.broker.gateway: `parentRefs` is missing'],
  [{ parentRefs: [] }, {}, 'spec.mqtt.broker.gateway.parentRefs'],
  [
    { parentRefs: [{ name: 'a' }], hostnames: ['a.b'] },
    {},
    'gateway.hostnames: `hostnames` are what TLS clients ask for',
  ],
  [{ parentRefs: [{ name: 'a' }], hostnames: ['10.0.0.1'] }, { tls }, 'hostnames[0]: `10.0.0.1` is an address'],
  [{ parentRefs: [{ name: 'a' }], hostnames: ['A.b'] }, { tls }, 'hostnames[0]: Found "A.b", expected a host name'],
  [{ parentRefs: [{ name: 'a' }], hostnames: ['a.*'] }, { tls }, 'hostnames[0]: Found "a.*", expected a host name'],
  [{ parentRefs: [{ name: 'a' }, { name: 'a' }] }, {}, 'parentRefs[1]: Gateway a is named twice'],
  [{ parentRefs: [{ name: 'a' }, { name: 'a', sectionName: 'b' }] }, {}, 'parentRefs[1]: Gateway a is named twice'],
  [
    { parentRefs: Array.from({ length: 33 }, (_, n) => ({ name: `a${n}` })) },
    {},
    'parentRefs: There are more than 32.',
  ],
  [{ parentRefs: [{ name: 'a', kind: 'Service' }] }, {}, 'parentRefs[0].kind'],
])('a route %j is refused as the Gateway API would', (gateway, more, problem) => {
  expect(toldOf(gateway, more).join()).toContain(problem);
});
