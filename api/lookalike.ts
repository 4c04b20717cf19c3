/**
 * Text that looks like a placeholder of another program: `{{id}}` of Jinja and Handlebars, `$(id)` of make, `$id` of a shell, `{id}` of FROM, `%{id}`
 * of Logstash, `<id>` of a manual. Here it is the text itself, the same in every record, and hardly ever meant.
 */

const path = String.raw`\s*\.?([A-Za-z_][\w.'-]*)\s*`;
const forms = [
  String.raw`\{\{${path}\}\}`,
  String.raw`[$%#]\(${path}\)`,
  String.raw`[%#]?\{${path}\}`,
  `<%?=?${path}%?>`,
  String.raw`\$${path}`,
].join('|');
const anywhere = new RegExp(forms);
const whole = new RegExp(`^(?:${forms})$`);

/** What stands in a template beside its placeholders, `${$}{...}` left out as well, which says that the text is meant. */
const literalOf = (template: string): string => template.replace(/\$\{\$\}\{[^}]*\}|\$\{[^}]*\}/g, '\0');

export interface Lookalike {
  readonly found: string;
  /** The placeholder that is probably meant. */
  readonly meant: string;
}

/** @param all whether only the whole text counts, as in a payload, where brackets are usual */
export const lookalike = (template: string, all = false): Lookalike | undefined => {
  const match = (all ? whole : anywhere).exec(literalOf(template));
  if (match === null) return undefined;
  const name = match.slice(1).find(group => group !== undefined) ?? '';
  return { found: match[0].trim(), meant: `\${${name}}` };
};
