/** What differs between the brokers that the operator can run. Everything else is made alike for all of them, in broker.ts. */
import type { KubeObject } from '../../runtime/object.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Port } from './services.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface BrokerKind {
  /** Its field of the operator's default images. */
  readonly image: 'emqx' | 'mosquitto';
  /** The user of the image. */
  readonly user: number;
  /** Where it keeps its data in the Pod. */
  readonly dataFolder: string;
  /** Where the document gives none. */
  readonly resources: Fields;
  /** Saving everything, or handing it over, may take a while when much is waiting. */
  readonly terminationGracePeriodSeconds: number;
  /** The shell script that makes the file of users: see `passwordScript`. */
  passwordScript(pipeline: Pipeline): string;
  ports(pipeline: Pipeline): Port[];
  /** ConfigMaps and Secrets that its Pods read, beside those that people make. */
  inputs(pipeline: Pipeline): KubeObject[];
  /**
   * Command, environment and probes of its container.
   *
   * @param image which the Pods run
   * @param made ConfigMaps and Secrets that are made with the Pods
   */
  container(pipeline: Pipeline, image: string, made: readonly KubeObject[]): Fields;
  /** Beside those of its data, passwords and certificate. */
  mounts(pipeline: Pipeline): readonly Fields[];
  /** Of other volumes, for the container that makes the file of users. */
  passwordMounts?(): readonly Fields[];
  /** Containers beside that of the broker. @param image which the Pods run */
  beside?(image: string): readonly Fields[];
  /** What those are of. */
  volumes(bridge: string): readonly Fields[];
}
