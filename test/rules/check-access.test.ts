import { describe, expect, it } from 'vitest';
import { loadText } from '../../api/load.ts';
import { rulesCheck } from '../../rules/check.ts';
import { documentOf, told } from '../api/support/documents.ts';

const problemsOf = (from: string, access: object, kind = 'mosquitto') => {
  const rules = [{ name: 'all', sql: `SELECT payload FROM ${from}`, sinks: [{ kafka: { topic: 'cars' } }] }];
  const document = documentOf({ mqtt: { broker: { kind, access } }, rules });
  return told(loadText(JSON.stringify(document), 'test.json', { checks: [rulesCheck] }));
};

describe('what clients of a managed broker may publish', () => {
  it.each([
    ['"cars/{clientid}"', ['cars/${clientid}']],
    ['"cars/{clientid}"', ['cars/${clientid}/status', 'trucks/#']],
    ['"cars/{username}/#"', ['cars/${username}', 'cars/${username}/#']],
    ['"cars/{clientid}/status"', ['cars/${clientid}/status']],
    ['"cars/{type}/{username}"', ['cars/+/${username}', 'cars/a/${username}']],
    ['"cars/{vin}"', ['cars/#']],
    ['"cars/+", "$kafka/a"', ['#']],
  ])('for %s is fine as %j', (from, publish) => {
    expect(problemsOf(from, { publish, subscribe: ['#'] })).toEqual([]);
  });

  // A rule that took {clientid} for the sender believed whoever could publish to the topic.
  it.each([
    ['"cars/{clientid}"', 'cars/#', 'pretend to be another: the rule all reads {clientid}'],
    ['"cars/{clientid}"', '#', 'pretend'],
    ['"cars/{clientid}"', '+/${clientid}/#', undefined],
    ['"cars/{clientid}"', 'cars/+', 'pretend'],
    ['"cars/{clientid}"', '${clientid}/+', 'pretend'],
    ['"cars/{clientid}"', 'cars/${username}', 'pretend'],
    ['"cars/{clientid}"', 'cars/c7', 'pretend'],
    ['"cars/{vin}", "trucks/{username}"', 'trucks/+', '{username}'],
    ['"cars/#"', 'a/#/b', 'is no topic filter'],
    ['"cars/#"', 'a/${vin}', '${clientid} and ${username}'],
    ['"cars/#"', 'a/x${clientid}', '${clientid} and ${username}'],
    ['"cars/#"', 'a b', 'expected a topic filter'],
    ['"cars/#"', 'a\nuser x', 'expected a topic filter'],
    ['"cars/#"', 'a/%c', 'expected a topic filter'],
    ['"cars/#"', 'a"}]}.', 'expected a topic filter'],
  ])('for %s is %s: %s', (from, filter, words) => {
    const found = problemsOf(from, { publish: [filter] }).join('\n');
    if (words === undefined) expect(found).toBe('');
    else expect(found).toContain(words);
  });

  // At Mosquitto a client that called itself victim/x published as the victim: its id was two levels of the topic.
  it.each([
    ['"cars/{clientid}/#"', 'cars/${clientid}/#'],
    ['"cars/{clientid}/#"', 'cars/${clientid}'],
    ['"cars/{clientid}/status"', 'cars/${clientid}'],
    ['"a/b/{clientid}/c/d"', 'a/${clientid}/d'],
  ])('for %s is not %s at Mosquitto, whose client ids may have slashes', (from, filter) => {
    expect(problemsOf(from, { publish: [filter] }).join()).toContain('pretend');
    if (filter !== 'a/${clientid}/d') expect(problemsOf(from, { publish: [filter] }, 'emqx')).toEqual([]);
  });

  it('is checked in no time for filters of any length', () => {
    const from = `"cars/{clientid}/${'x/'.repeat(20_000)}y"`;
    const begun = process.cpuUsage();
    expect(problemsOf(from, { publish: ['cars/${clientid}'] }).join()).toContain('pretend');
    expect(process.cpuUsage(begun).user / 1e6).toBeLessThan(5);
  });

  it.each(['a/b', '+', '#'])('leaves no room for the user %s', username => {
    const users = [{ username, password: { value: 'x' } }];
    const document = documentOf({ mqtt: { broker: { kind: 'emqx', users, access: { publish: ['a'] } } } });
    expect(told(loadText(JSON.stringify(document), 'test.json')).join()).toContain('several levels of a topic');
  });

  it('is nothing that anonymous clients could be held to', () => {
    const document = documentOf({ mqtt: { broker: { kind: 'emqx', anonymous: true, access: { publish: ['a'] } } } });
    expect(told(loadText(JSON.stringify(document), 'test.json')).join()).toContain('need not say who they are');
  });
});
