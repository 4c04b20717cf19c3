/** YAML's syntax errors in the words of someone who writes a configuration, not of someone who writes a parser. */
import type { YAMLParseError, YAMLWarning } from 'yaml';

interface Explanation {
  readonly reason: string;
  readonly remedy?: string;
}

const explanations: Readonly<Record<string, Explanation>> = {
  TAB_AS_INDENT: { reason: 'A tab is used for indentation.', remedy: 'Indent with spaces; YAML takes no tabs.' },
  BAD_INDENT: {
    reason: 'The indentation does not fit the lines above.',
    remedy: 'Fields of one mapping start in one column; a list or mapping in brackets ends with its bracket.',
  },
  NON_STRING_KEY: { reason: 'A name of a field must be text.' },
  BLOCK_AS_IMPLICIT_KEY: {
    reason: 'A second `: ` stands on this line.',
    remedy: 'Quote text that holds `: `, or put the nested field on a line of its own.',
  },
  MULTILINE_IMPLICIT_KEY: {
    reason: 'Text over several lines cannot be the name of a field.',
    remedy: 'Look for a missing `:` here, or for a line below that is indented too far.',
  },
  BAD_SCALAR_START: {
    reason: 'Text without quotes cannot start with this character.',
    remedy: 'Put the text in quotes.',
  },
  BAD_DQ_ESCAPE: {
    reason: 'This is no escape that text in "..." knows.',
    remedy: "Write \\\\ for a backslash, or use '...', which has no escapes.",
  },
  RESOURCE_EXHAUSTION: { reason: 'It is nested too deeply.', remedy: 'A bridge needs fewer than 20 levels.' },
};

const unquotedTemplate: Explanation = {
  reason: 'A template `${...}` stands in { } or [ ] without quotes.',
  remedy: 'Inside { } and [ ], put templates in quotes: {key: "${clientid}"}.',
};

const indentedTooFar: Explanation = {
  reason: 'The line below is indented further than this one, which has a value already.',
  remedy: 'Fields of one mapping start in one column.',
};

/** What to report of an error of the YAML parser, given the line it is on. */
export const explainYamlError = (error: YAMLParseError | YAMLWarning, line: string): Explanation => {
  const inFlow = error.code === 'UNEXPECTED_TOKEN' || error.code === 'MISSING_CHAR';
  if (inFlow && /[{[,].*\$\{/.test(line)) return unquotedTemplate;
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY' && !/: .*:( |$)/.test(line)) return indentedTooFar;
  return explanations[error.code] ?? { reason: `${error.message.replace(/[.]$/, '')}.` };
};
