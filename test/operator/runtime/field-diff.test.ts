import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differences, settledBy } from '../../../operator/runtime/field-diff.ts';

const paths = (wanted: unknown, found: unknown) => [...differences(wanted, found).keys()];

/** Fields whose names nobody would choose are among them: `constructor` is found in every object of JavaScript. */
const { object, value } = fc.letrec<{ object: Record<string, unknown>; value: unknown }>(tie => ({
  value: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.string(), fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  object: fc.dictionary(
    fc.oneof(
      fc.stringMatching(/^[a-z]{1,5}$/),
      fc.constantFrom('constructor', 'toString', '__proto__', 'selector', 'ports', 'env', 'limits'),
    ),
    tie('value'),
    { maxKeys: 4 },
  ),
}));

describe('any object', () => {
  it('does not differ from itself', () => {
    fc.assert(
      fc.property(object, wanted => {
        expect(paths(wanted, structuredClone(wanted))).toEqual([]);
      }),
    );
  });

  it('does not differ from what has more fields besides', () => {
    fc.assert(
      fc.property(object, object, (wanted, more) => {
        expect(paths({ spec: wanted }, { status: more, spec: structuredClone(wanted) })).toEqual([]);
      }),
    );
  });

  it('is compared with any other without an exception', () => {
    fc.assert(
      fc.property(value, value, (wanted, found) => {
        expect(differences(wanted, found)).toBeInstanceOf(Map);
      }),
    );
  });

  it('differs where a field of it is gone, whatever its name', () => {
    fc.assert(
      fc.property(object, fc.nat(), (wanted, which) => {
        const names = Object.keys(wanted);
        fc.pre(names.length > 0);
        const gone = names[which % names.length]!;
        const found = Object.fromEntries(Object.entries(wanted).filter(([name]) => name !== gone));
        expect(paths(wanted, found)).toEqual([`.${gone}`]);
      }),
    );
  });
});

describe('a field', () => {
  it('that is null or undefined is not wanted', () => {
    expect(paths({ a: null, b: undefined }, { a: 1 })).toEqual([]);
  });

  it('is named as the server names it, with what stands there instead', () => {
    const wanted = { spec: { template: { containers: [{ name: 'bridge', image: 'a' }] } } };
    const found = { spec: { template: { containers: [{ name: 'other' }, { name: 'bridge', image: 'b' }] } } };
    expect([...differences(wanted, found)]).toEqual([['.spec.template.containers[name="bridge"].image', 'b']]);
  });

  // The comparison threw for a custom resource that had a list of this name.
  it.each(['constructor', 'toString', 'valueOf', '__proto__'])('may be called %s', name => {
    const wanted = JSON.parse(`{"${name}": ["a"], "selector": {"b": "c"}}`);
    const changed = JSON.parse(`{"${name}": ["x"], "selector": {"b": "c"}}`);
    const more = JSON.parse(`{"${name}": ["a"], "selector": {"b": "c", "${name}": "d"}}`);
    expect(paths(wanted, wanted)).toEqual([]);
    expect(paths(wanted, changed)).toEqual([`.${name}[0]`]);
    expect(paths(wanted, more)).toEqual(['.selector']);
  });
});

describe('a list', () => {
  it('whose items have a key may have items of others, in any order', () => {
    const env = (...names: string[]) => ({ env: names.map(name => ({ name, value: name.toUpperCase() })) });
    expect(paths(env('a', 'b'), env('injected', 'b', 'a'))).toEqual([]);
    expect(paths(env('a', 'b'), env('b'))).toEqual(['.env[name="a"]']);
  });

  it('of ports is told apart by number and protocol, since one number may be there twice', () => {
    const port = (protocol: string, name: string) => ({ containerPort: 53, protocol, name });
    const wanted = { ports: [port('UDP', 'dns'), port('TCP', 'dns-tcp')] };
    expect(paths(wanted, { ports: [port('TCP', 'dns-tcp'), port('UDP', 'dns')] })).toEqual([]);
    expect(paths(wanted, { ports: [port('TCP', 'dns-tcp'), port('UDP', 'x')] })).toEqual([
      '.ports[containerPort=53,protocol="UDP"].name',
    ]);
  });

  it('without a key belongs to one owner: order and length count, defaults of its items do not', () => {
    const args = (...items: unknown[]) => ({ args: items });
    expect(paths(args('a', 'b'), args('b', 'a'))).toEqual(['.args[0]', '.args[1]']);
    expect(paths(args('a'), args('a', 'b'))).toEqual(['.args']);
    expect(paths({ rules: [{ to: 'x' }] }, { rules: [{ to: 'x', policy: 'default' }] })).toEqual([]);
  });

  it('of finalizers is shared, and ours have to be in it', () => {
    expect(paths({ finalizers: ['ours'] }, { finalizers: ['theirs', 'ours'] })).toEqual([]);
    expect(paths({ finalizers: ['ours'] }, { finalizers: ['theirs'] })).toEqual(['.finalizers']);
  });

  it('is no map, and a map is no list', () => {
    expect(paths({ a: [] }, { a: {} })).toEqual(['.a']);
    expect(paths({ a: {} }, { a: [] })).toEqual(['.a']);
  });
});

describe('a selector', () => {
  it('selects something else with one label more, as with one less', () => {
    const selector = { selector: { matchLabels: { app: 'a' } } };
    expect(paths(selector, { selector: { matchLabels: { app: 'a', tier: 'b' } } })).toEqual(['.selector.matchLabels']);
    expect(paths(selector, { selector: { matchLabels: {} } })).toEqual(['.selector.matchLabels.app']);
    expect(paths(selector, selector)).toEqual([]);
  });

  it('does not make other maps whole: labels of others do no harm', () => {
    expect(paths({ labels: { app: 'a' } }, { labels: { app: 'a', tier: 'b' } })).toEqual([]);
  });
});

describe('a quantity', () => {
  it('may have another spelling where quantities stand, and nowhere else', () => {
    expect(paths({ limits: { cpu: '1000m' } }, { limits: { cpu: '1' } })).toEqual([]);
    expect(paths({ sizeLimit: '1024Mi' }, { sizeLimit: '1Gi' })).toEqual([]);
    expect(paths({ limits: { cpu: '1000m' } }, { limits: { cpu: '2' } })).toEqual(['.limits.cpu']);
    expect(paths({ data: { cpu: '1000m' } }, { data: { cpu: '1' } })).toEqual(['.data.cpu']);
  });
});

describe('a difference is settled', () => {
  it('when it is there no more, or with another value', () => {
    const before = new Map<string, unknown>([
      ['.gone', 1],
      ['.same', { a: 1, b: 2 }],
      ['.other', 1],
    ]);
    const after = new Map<string, unknown>([
      ['.same', { b: 2, a: 1 }],
      ['.other', 2],
      ['.new', 1],
    ]);
    expect(settledBy(before, after)).toEqual(['.gone', '.other']);
  });
});
