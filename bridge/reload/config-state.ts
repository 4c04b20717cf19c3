/** Which document runs, and how the last attempt to give another one ended: named and counted as Prometheus and Alertmanager do it. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import type { ErrorCode } from '../../api/errors.ts';
import { documentHash } from '../../api/reload/document-hash.ts';
import type { ConfigFigures } from '../observe/figures.ts';

export class ConfigState implements ConfigFigures {
  hash: number;
  refusal: ConfigFigures['refusal'];
  takenAt: number;
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(document: MqttKafkaBridge, now: () => number = Date.now) {
    this.#now = now;
    this.hash = documentHash(document);
    this.takenAt = now() / 1000;
  }

  taken(document: MqttKafkaBridge): void {
    this.hash = documentHash(document);
    this.refusal = undefined;
    this.takenAt = this.#now() / 1000;
  }

  /** A document was not taken. @param document undefined if it could not even be read */
  refused(code: ErrorCode, document: MqttKafkaBridge | undefined): void {
    this.refusal = { code, hash: document === undefined ? 0 : documentHash(document) };
  }
}
