/** Regular expressions, in time linear in the text: see ../regex.ts. */
import { compilePattern, type Pattern } from '../regex.ts';
import { custom, define, type FunctionEntry, type Parameter, text } from './define.ts';

const pattern = (name: string): Parameter<Pattern> => {
  const { read } = text(name);
  return custom(name, 'pattern', value => compilePattern(read(value)));
};

export const regexFunctions: readonly FunctionEntry[] = [
  define({
    name: 'regex_match',
    parameters: [text('text'), pattern('pattern')],
    returns: 'boolean',
    description: 'Whether the regular expression matches anywhere in the text.',
    examples: [
      ["regex_match('123', '^\\d+$')", true],
      ["regex_match('a23', '^\\d+$')", false],
    ],
    call: ([value, regex]) => regex.matches(value),
  }),
  define({
    name: 'regex_replace',
    parameters: [text('text'), pattern('pattern'), text('replacement')],
    returns: 'text',
    description:
      'The text with every match replaced; & in `replacement` stands for the match, \\1 for its first group.',
    examples: [
      ["regex_replace('a;b; c', ';\\s*', ',')", 'a,b,c'],
      ["regex_replace('accbcd', 'c+', '[&]')", 'a[cc]b[c]d'],
    ],
    call: ([value, regex, replacement]) => regex.replace(value, replacement),
  }),
  define({
    name: 'regex_extract',
    parameters: [text('text'), pattern('pattern')],
    returns: 'list of text',
    description: 'What the groups of the first match hold; an empty list if there is no match or no group.',
    examples: [
      ["regex_extract('Date: 2021-05-20', '(\\d{4})-(\\d{2})-(\\d{2})')", ['2021', '05', '20']],
      ["regex_extract('none', '(\\d+)')", []],
    ],
    call: ([value, regex]) => regex.groups(value),
  }),
];
