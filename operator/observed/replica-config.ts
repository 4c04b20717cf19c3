/** What a Pod of a bridge says of the document that it runs. */

export interface ReplicaConfig {
  /** The number of the document that runs, as `documentHash`; undefined if its image knows of no reload. */
  readonly hash: number | undefined;
  /** Of the last document that was given to it, if it was not taken. */
  readonly refusal: Refusal | undefined;
}

export interface Refusal {
  /** 0 if it could not be read. */
  readonly hash: number;
  /** Of an error. The Pod may say anything here. */
  readonly code: string;
}

/** @param lines of a page of metrics */
export function replicaConfigOf(lines: readonly string[]): ReplicaConfig {
  const refused = lines.find(line => line.startsWith('mkb_config_refused_hash{'));
  const code = refused && /[{,]code="([a-z0-9-]{1,60})"/.exec(refused)?.[1];
  const hash = numberOf(lines.find(line => /^mkb_config_hash[{ ]/.test(line)));
  return {
    hash,
    refusal: refused === undefined ? undefined : { hash: numberOf(refused) ?? 0, code: code ?? 'unexpected' },
  };
}

/** A Pod may write anything on its page, and this goes into a status. */
function numberOf(line: string | undefined): number | undefined {
  const value = Number(line?.slice(line.lastIndexOf(' ') + 1));
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export const isSameConfig = (one: ReplicaConfig | undefined, other: ReplicaConfig | undefined): boolean =>
  (one === undefined) === (other === undefined) &&
  one?.hash === other?.hash &&
  one?.refusal?.hash === other?.refusal?.hash &&
  one?.refusal?.code === other?.refusal?.code;
