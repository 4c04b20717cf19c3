/** KCQL, in which connectors of Lenses say what goes where: `INSERT INTO kafka SELECT a, b AS c FROM mqtt/topic WITHKEY(a)`. */

export interface KcqlField {
  /** With dots; `*` for everything. */
  readonly path: string;
  readonly alias: string | undefined;
}

export interface KcqlStatement {
  readonly into: string;
  readonly from: string;
  readonly fields: readonly KcqlField[];
  readonly keys: readonly string[];
  /** What stands behind all that, and is not understood here. */
  readonly rest: string;
}

/** The statements of a text, with `;` between them. What is none is undefined. */
export const parseKcql = (text: string): readonly (KcqlStatement | undefined)[] =>
  text
    .split(';')
    .map(each => each.trim())
    .filter(each => each !== '')
    .map(parseStatement);

const statement = /^(?:INSERT|UPSERT)\s+INTO\s+(`[^`]+`|\S+)\s+SELECT\s+(.+?)\s+FROM\s+(`[^`]+`|\S+)\s*(.*)$/is;

const parseStatement = (text: string): KcqlStatement | undefined => {
  const parts = statement.exec(text);
  if (parts === null) return undefined;
  const [, into, fields, from, options] = parts as unknown as [string, string, string, string, string];
  const keys = /WITHKEY\s*\(([^)]*)\)/i.exec(options);
  return {
    into: unquoted(into),
    from: unquoted(from),
    fields: fields.split(',').map(parseField),
    keys: keys === null ? [] : keys[1]!.split(',').map(key => unquoted(key.trim())),
    rest: options.replace(/WITHKEY\s*\([^)]*\)/i, '').trim(),
  };
};

const parseField = (text: string): KcqlField => {
  const [path, alias] = text.trim().split(/\s+AS\s+/i);
  return { path: unquoted(path!), alias: alias === undefined ? undefined : unquoted(alias) };
};

const unquoted = (text: string): string => text.replaceAll('`', '');
