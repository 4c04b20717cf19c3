// `SELECT payload FROM "mqttx/simulate/#"` with the key ${clientid} was valid, and every record had no key: behind a broker a message does not
// say who published it.
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../rules/compile.ts';
import { compileTemplate } from '../../rules/template.ts';
import { thrownBy } from './support/evaluate.ts';

const names = ['clientid', 'username', 'peerhost', 'peername', 'client_attrs.team', 'client_attrs'];

describe('a name that only the broker knows is refused', () => {
  test.each([
    ...names.map(name => `SELECT ${name} AS x FROM "a/#"`),
    ...names.map(name => `SELECT payload FROM "a/#" WHERE ${name} = 'x'`),
    'SELECT lower(clientid) AS x FROM "a/#"',
    'SELECT clientid() AS x FROM "a/#"',
    'SELECT username() AS x FROM "a/#"',
    'SELECT clientip() AS x FROM "a/#"',
    'SELECT peerhost() AS x FROM "a/#"',
    'SELECT ifnull(clientid, \'none\') AS x FROM "a/#"',
    'SELECT CASE WHEN qos = 1 THEN clientid END AS x FROM "a/#"',
    'FOREACH payload.list AS i DO i, clientid FROM "a/#"',
    'FOREACH clientid AS c, payload.list AS i DO i FROM "a/#"',
    'FOREACH payload.list AS i INCASE i.id = clientid FROM "a/#"',
    'SELECT COUNT(*) AS n FROM "a/#" GROUP BY clientid, TUMBLING(1s)',
    'SELECT COUNT(DISTINCT clientid) AS n FROM "a/#" GROUP BY TUMBLING(1s)',
    'SELECT payload FROM "a/#" WHERE CHANGED(payload.x, clientid)',
    'SELECT payload FROM "a/#", "b/#" WHERE clientId IS NOT NULL',
  ])('%s', sql => {
    const error = thrownBy(() => compileRule(sql));
    expect(error.code).toBe('rule-publisher-unknown');
    expect(error.message).toMatch(/FROM "a\/\{\w+\}\/#"/);
  });

  test.each([
    '${clientid}',
    '${.clientid}',
    '${clientid:-none}',
    '${clientid:?}',
    'car-${username}',
    '${peerhost}',
    '${peername}',
    '${client_attrs.team}',
    '${clientId}',
  ])('in a template: %s', text => {
    for (const sql of ['SELECT payload FROM "a/#"', 'SELECT * FROM "a/#"', 'SELECT payload.x AS x FROM "a/#"']) {
      const error = thrownBy(() => compileTemplate(text, compileRule(sql)));
      expect(error).toMatchObject({ code: 'rule-publisher-unknown', details: { at: text.indexOf('$') } });
    }
  });
});

test.each([
  ['mqttx/simulate/#', 'mqttx/simulate/{clientid}/#'],
  ['cars/+/status', 'cars/{clientid}/status'],
  ['{site}/+/x/+', '{site}/{clientid}/x/+'],
  ['cars/status', 'cars/status/{clientid}'],
  ['#', '{clientid}/#'],
])('of "%s" the example is "%s"', (filter, example) => {
  const error = thrownBy(() => compileRule(`SELECT clientid FROM "${filter}"`));
  expect(error.message).toContain(`FROM "${example}"`);
});

describe('a rule is fine that', () => {
  test.each([
    ['captures it', 'SELECT clientid, payload FROM "a/{clientid}/#"', '${clientid}'],
    ['selects it from the payload', 'SELECT payload.clientid AS clientid FROM "a/#"', '${clientid}'],
    [
      'groups by what it selects so',
      'SELECT payload.c AS clientid, COUNT(*) AS n FROM "a/#" GROUP BY clientid, TUMBLING(1s)',
      '${clientid}',
    ],
    ['gives an element the name', 'FOREACH payload AS clientid DO clientid FROM "a/#"', '${clientid}'],
    ['selects all columns', 'SELECT * FROM "a/#"', '${topic}'],
    ['reads events, which tell of it', 'SELECT clientid, reason FROM "$events/message/dropped"', '${clientid}'],
    ['names a key of the payload so', 'SELECT payload.clientid FROM "a/#"', '${payload.clientid}'],
  ])('%s', (_what, sql, template) => {
    expect(() => compileTemplate(template, compileRule(sql))).not.toThrow();
  });
});
