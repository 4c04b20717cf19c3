/** The option of `mkb eval` and `mkb repl` that names a document. */
import { Option } from 'commander';

export const documentOption = (): Option =>
  new Option('-d, --document <file>', 'the document whose spec.schemas and spec.tables the rule may use');
