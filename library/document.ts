/**
 * `mqtt-kafka-kit/document`: the document `MqttKafkaBridge`, as types, and everything that can be wrong with one, found without connecting
 * anywhere: what `mkb validate` does.
 *
 *     import { validateText } from 'mqtt-kafka-kit/document';
 *     const { documents, problems } = validateText(text, 'bridge.yaml');
 */
import { type Loaded, loadText } from '../api/load.ts';
import { checksFor, loadChecked } from '../cli/documents.ts';

export type { MqttKafkaBridge } from '../api/bridge.ts';
export type { Loaded, LoadedDocument } from '../api/load.ts';
export type { Path, Place, Problem } from '../api/problems.ts';

/**
 * The documents of a text in YAML or JSON, with defaults filled in, and every problem with its line, column, error code and remedy. A document
 * with an error is not among `documents`. Throws nothing about the text.
 *
 * @param file the name that problems give
 */
export const validateText = (text: string, file: string): Loaded =>
  loadText(text, file, { checks: checksFor('anywhere') });

/** The same for files, folders (their .yaml, .yml and .json files) and `-` for standard input. A file that cannot be read is a problem. */
export const validateFiles = (paths: readonly string[]): Promise<Loaded> => loadChecked(paths, 'anywhere');
