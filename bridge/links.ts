/** Connections made and lost, as the log and the bridge's events have them. */
import type { MkbError } from '../api/errors.ts';
import type { EventName, Happening } from '../rules/events.ts';
import type { ConnectedInfo } from './mqtt/session.ts';
import type { Logger } from './observe/log.ts';

/** @param facts asked only if a rule wants to know */
export type Raise = (event: EventName, facts: () => Happening) => void;

export class Links {
  readonly #bridge: string;
  readonly #log: Logger;
  readonly #raise: Raise;
  /** As the last event has it. */
  #mqttConnected = false;
  #kafkaConnected = false;

  constructor(bridge: string, log: Logger, raise: Raise) {
    this.#bridge = bridge;
    this.#log = log;
    this.#raise = raise;
  }

  mqttConnected({ grants, ...info }: ConnectedInfo): void {
    this.#log.info({ bridge: this.#bridge, ...info }, 'MQTT is connected');
    for (const { filter, asked, granted } of grants) {
      if (granted < asked)
        this.#log.warn(
          { bridge: this.#bridge, filter, asked, granted },
          `The broker delivers ${filter} with QoS ${granted} at most, not ${asked}: messages may be lost before they reach the bridge.`,
        );
    }
    this.#mqttConnected = true;
    this.#raise('bridge.mqtt_connected', () => ({ server: info.url, session_present: info.sessionPresent }));
  }

  /** A connection was lost, or another attempt to make one failed: only the first of these is an event. */
  mqttDisconnected({ code: reason, message: error_message }: MkbError, server: string | undefined): void {
    if (!this.#mqttConnected) return;
    this.#mqttConnected = false;
    this.#raise('bridge.mqtt_disconnected', () => ({ reason, error_message, server }));
  }

  kafkaChanged(connected: boolean): void {
    if (connected === this.#kafkaConnected) return;
    this.#kafkaConnected = connected;
    this.#raise(connected ? 'bridge.kafka_connected' : 'bridge.kafka_disconnected', () => ({}));
  }
}
