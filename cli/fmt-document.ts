/**
 * The text of a file of documents, in one form: indentation by two, even spaces, lists and maps that go over several lines in block style, and the
 * SQL of rules as rules/format-sql.ts has it. Comments, empty lines, quotes and the order of fields stay.
 *
 * What comes out is read again and compared with what went in, comments too. If anything else than the form of SQL is different, the text is not
 * touched and the file is reported.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  CST,
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  Lexer,
  parseAllDocuments,
  type Scalar,
  visit,
} from 'yaml';
import { kind } from '../api/bridge.ts';
import { MkbError } from '../api/errors.ts';
import { formatSql, isSame } from '../rules/format-sql.ts';

const reading = { prettyErrors: false, stringKeys: true, uniqueKeys: false, logLevel: 'silent' } as const;
const writing = { lineWidth: 0, flowCollectionPadding: false, indent: 2 } as const;

/** Throws `document-not-formatted`, for text that cannot be read too. */
export function formatText(text: string, file: string): string {
  const formatted = isJson(text) ? formatJson(text) : formatYaml(text, file);
  if (!isEqual(text, formatted)) throw fail(file, 'its form cannot be changed without changing what it says');
  return formatted;
}

const fail = (file: string, reason: string): MkbError => new MkbError('document-not-formatted', { file, reason });

const isJson = (text: string): boolean => {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const formatJson = (text: string): string => {
  const value: unknown = JSON.parse(text);
  for (const rule of rulesIn(value)) rule.sql = formatSql(rule.sql);
  return `${JSON.stringify(value, null, 2)}\n`;
};

function formatYaml(text: string, file: string): string {
  const documents = documentsOf(text);
  const broken = documents.flatMap(({ errors }) => errors)[0];
  if (broken) throw fail(file, broken.message.replace(/\.$/, ''));
  return documents
    .map(document => {
      spread(document, text);
      for (const sql of sqlOf(document)) setSql(sql);
      return document.toString(writing);
    })
    .join('');
}

const documentsOf = (text: string): Document[] => {
  const documents = parseAllDocuments(text, reading);
  return 'empty' in documents ? [] : documents;
};

/** What is in brackets over several lines would become one long line. */
function spread(document: Document, text: string): void {
  visit(document, {
    Collection: (_key, node) => {
      const [start, end] = node.range!;
      if (node.flow && node.items.length > 0 && text.slice(start, end).includes('\n')) node.flow = false;
    },
  });
}

function setSql(node: Scalar<string>): void {
  const formatted = formatSql(node.value);
  if (formatted === node.value) return;
  node.value = formatted;
  if (formatted.trimEnd().includes('\n')) node.type = 'BLOCK_LITERAL';
}

/** Of rules, in documents of ours alone. */
function sqlOf(document: Document): Scalar<string>[] {
  if (!isMap(document.contents) || document.get('kind') !== kind) return [];
  const rules = document.getIn(['spec', 'rules']);
  if (!isCollection(rules)) return [];
  return rules.items.flatMap(rule => {
    const sql = isMap(rule) ? rule.get('sql', true) : undefined;
    return isNode(sql) && isScalar(sql) && typeof sql.value === 'string' ? [sql as Scalar<string>] : [];
  });
}

interface WithSql {
  sql: string;
}

function rulesIn(value: unknown): WithSql[] {
  const { kind: found, spec } = (value ?? {}) as { kind?: unknown; spec?: { rules?: unknown } };
  const rules = found === kind && Array.isArray(spec?.rules) ? spec.rules : [];
  return rules.filter(rule => typeof rule?.sql === 'string');
}

/** Whether both say the same, but for the form of SQL. */
function isEqual(before: string, after: string): boolean {
  const [one, two] = [before, after].map(text => documentsOf(text).map(document => document.toJS() as unknown));
  if (one!.length !== two!.length || !isDeepStrictEqual(commentsOf(before), commentsOf(after))) return false;
  for (const [at, document] of one!.entries()) {
    const [rules, others] = [rulesIn(document), rulesIn(two![at])];
    for (const [index, rule] of rules.entries()) {
      const other = others[index];
      if (other === undefined || (rule.sql !== other.sql && !isSame(rule.sql, other.sql))) return false;
      other.sql = rule.sql;
    }
  }
  return isDeepStrictEqual(one, two);
}

function commentsOf(text: string): string[] {
  const comments: string[] = [];
  let isContent = false;
  for (const token of new Lexer().lex(text)) {
    // What follows the mark of a scalar is its text, whatever it begins with.
    if (!isContent && CST.tokenType(token) === 'comment') comments.push(token.trim());
    isContent = token === CST.SCALAR;
  }
  return comments;
}
