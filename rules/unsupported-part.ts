/** A part of a valid document that cannot be run. */
export interface UnsupportedPart {
  /** Where it is, e.g. `spec.mqtt.listen`. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}
