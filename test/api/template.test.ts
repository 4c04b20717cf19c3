import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MkbError } from '../../api/errors.ts';
import { parseTemplate } from '../../api/template.ts';

/** Literal text as it is, a placeholder as its path and, if there is one, its fallback. */
const parts = (text: string) =>
  parseTemplate(text).parts.map(part =>
    typeof part === 'string'
      ? part
      : part.fallback === undefined
        ? [...part.path]
        : { [part.path.join('/')]: part.fallback },
  );

describe('what a template is read as', () => {
  it.each([
    ['', []],
    ['plain', ['plain']],
    ['${a}', [['a']]],
    ['${.a}', [['a']]],
    ['${.}', [[]]],
    ['x/${a.b}/y${c}', ['x/', ['a', 'b'], '/y', ['c']]],
    ['${a[1].b[-1]}', [['a', 1, 'b', -1]]],
    ["${a.'b-c'}", [['a', 'b-c']]],
    ['${a."b.c"}', [['a', 'b.c']]],
    ["${'a b'}", [['a b']]],
    ['${a:-none}', [{ a: 'none' }]],
    ['${a:-}', [{ a: '' }]],
    ['${a:-x:-y}', [{ a: 'x:-y' }]],
    ['${.:-none}', [{ '': 'none' }]],
    ['${$}{a}', ['${a}']],
    ['1${$}{a}2${b}', ['1${a}2', ['b']]],
    ['$a {b} $', ['$a {b} $']],
    ['$${a}', ['$', ['a']]],
    ['ü${a}', ['ü', ['a']]],
    ['${json a.b}', [['a', 'b']]],
    ['${json  a:-null}', [{ a: 'null' }]],
    ['${json}', [['json']]],
    ['${json.a}', [['json', 'a']]],
  ])('%s', (text, expected) => {
    expect(parts(text)).toEqual(expected);
  });

  it('a placeholder knows its text and its offset', () => {
    expect(parseTemplate('ab${c:-d}').parts[1]).toEqual({ path: ['c'], fallback: 'd', text: '${c:-d}', at: 2 });
  });
});

describe('what is refused, and where', () => {
  it.each([
    ['${', 2, 'missing'],
    ['${a', 3, 'missing'],
    ['x${a:-b', 6, 'missing'],
    ['${}', 2, 'names nothing'],
    ['${a.}', 4, 'after the dot|follow the dot'],
    ['${a[0]}', 6, 'count from 1'],
    ['${a[x]}', 3, 'cannot stand here'],
    ["${a['x']}", 3, 'a key stands behind a dot'],
    ['${upper(a)}', 7, 'select the call in the rule'],
    ['${a-b}', 3, "in quotes, as in \\$\\{payload.'fuel-level'\\}"],
    ['${a b}', 3, 'cannot stand here'],
    ['${.[1]}', 3, 'whole row'],
    ['${1}', 2, 'a name must follow'],
  ])('%s at %i', (text, offset, reason) => {
    const error = expect.objectContaining({
      code: 'template-syntax',
      message: expect.stringMatching(reason),
      details: expect.objectContaining({ offset }),
    });
    expect(() => parseTemplate(text)).toThrow(error);
  });
});

it('text without a placeholder stays as it is', () => {
  fc.assert(
    fc.property(
      fc.string().filter(text => !text.includes('${')),
      text => {
        expect(parts(text).join('')).toBe(text);
      },
    ),
  );
});

it('any text is a template or the error of the table, and its parts cover it', () => {
  const templateLike = fc.string({ unit: fc.constantFrom(...'${}.a[1]-:\'" ') });
  fc.assert(
    fc.property(templateLike, text => {
      try {
        const written = parseTemplate(text).parts.map(part => (typeof part === 'string' ? part : part.text));
        expect(written.join('')).toBe(text.replaceAll('${$}', '$'));
      } catch (error) {
        expect(MkbError.is(error, 'template-syntax')).toBe(true);
      }
    }),
  );
});
