/** The thread that works trials of the playground out: see evaluator.ts. */
import { parentPort } from 'node:worker_threads';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { compileRule } from '../../rules/compile.ts';
import { evaluateEach, exampleMessage } from '../../rules/example-message.ts';
import { encodeJson } from '../../rules/json.ts';
import { placeAt, placeOf } from '../../rules/position.ts';
import { schemasOf } from '../../rules/schemas/schemas.ts';
import type { Ambient } from '../../rules/scope.ts';
import { shown } from '../../rules/shown.ts';
import { stateLimitsOf } from '../../rules/state-limits.ts';
import { tablesOfCopy } from '../../rules/tables/tables.ts';
import { whyNoRow } from '../../rules/why-no-row.ts';
import { recordsOf } from '../eval-records.ts';
import type { Place, TrialAnswer, TrialRequest } from './protocol.ts';

const mostRows = 20;
const mostCharacters = 64 * 1024;

parentPort!.on('message', (request: TrialRequest) => parentPort!.postMessage(answer(request)));
parentPort!.postMessage('ready');

function answer(request: TrialRequest): TrialAnswer {
  try {
    return worked(request);
  } catch (error) {
    const { code, message, remedy } = asMkbError(error);
    const place = placeOf(error);
    return { error: { code, message: cut(message), remedy, ...(place && { place: lineAndColumn(place) }) } };
  }
}

function worked({ trial, bridge, schemas, tables, knowsPublisher, rule }: TrialRequest): TrialAnswer {
  const { sql, topic, qos, retain } = trial;
  const ambient: Partial<Ambient> = {
    ...{ schemas: schemasOf(schemas), tables: tablesOfCopy(tables), knowsPublisher },
    ...{ bridgeName: bridge, ...(rule && { ruleName: rule.name, limits: stateLimitsOf(rule) }) },
  };
  const payload = Buffer.from(trial.payload, trial.isBase64 ? 'base64' : 'utf8');
  const message = exampleMessage({ topic, payload, qos, retain, timestamp: Date.now() });
  const doubts = compileRule(sql, ambient).doubts.map(({ offset, reason }) => ({
    reason,
    place: lineAndColumn(placeAt(sql, offset)),
  }));
  const rows: string[] = [];
  let more = 0;
  for (const row of evaluateEach(sql, message, ambient)) {
    if (rows.length < mostRows) rows.push(cut(encodeJson(shown(row).value)));
    else more++;
  }
  if (rows.length === 0) return { rows, doubts, why: cut(whyNoRow(sql, message, ambient)) };
  const written = rule && recordsOf({ document: { ...rule, sql }, bridge, ambient }, message);
  return { rows, doubts, more, ...(written && { records: written.slice(0, mostRows).map(cut) }) };
}

const lineAndColumn = ({ line, column, offset }: Place): Place => ({ line, column, offset });

const cut = (text: string): string => (text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text);
