/** What is wrong with an MqttUser in a file. */
import { type MqttUser, userField, userFindings, userKind } from './mqtt-user.ts';
import type { Problem } from './problems.ts';
import { loadSingleDocument } from './single-document.ts';
import type { YamlDocument } from './yaml/document.ts';

export const userProblems = (parsed: YamlDocument): readonly Problem[] =>
  loadSingleDocument<MqttUser>(parsed, { kind: userKind, field: userField, owner: 'the user', check: userFindings })
    .problems;
