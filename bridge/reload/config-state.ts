/** Which document runs, and how the last attempt to give another one ended: named and counted as Prometheus and Alertmanager do it. */
import { createHash } from 'node:crypto';
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { redact } from '../../api/secrets.ts';
import type { ConfigFigures } from '../observe/figures.ts';

export class ConfigState implements ConfigFigures {
  hash: number;
  successful = true;
  takenAt: number;
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(document: MqttKafkaBridge, now: () => number = Date.now) {
    this.#now = now;
    this.hash = hashOf(document);
    this.takenAt = now() / 1000;
  }

  taken(document: MqttKafkaBridge): void {
    this.hash = hashOf(document);
    this.successful = true;
    this.takenAt = this.#now() / 1000;
  }

  /** A document was not taken. */
  refused(): void {
    this.successful = false;
  }
}

/** 48 bits, which a metric holds exactly. What a cluster adds to an object (its version, its status) is no part of it. */
export function hashOf(document: MqttKafkaBridge): number {
  const { metadata, spec } = redact(document);
  const text = JSON.stringify([metadata.name, spec]);
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}
