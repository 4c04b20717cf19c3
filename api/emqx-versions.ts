/**
 * Versions of EMQX whose durable sessions lose messages: 5.8.1 to 5.8.9 send others than they should when a client comes back that has
 * not acknowledged all (docs/decisions/0020-brokers-that-keep-messages.md).
 */

/** @param version as a node or the tag of an image has it: `5.8.8`, `v5.8.8-elixir`; `5.8` is the newest of them */
export const losesDurableSessions = (version: string): boolean => /^v?5\.8(\.[1-9])?(?![.0-9])/.test(version);

/** The tag of an image; '' without one, as with a digest alone. A port of its registry is none. */
export const tagOf = (image: string): string => /:([^:/@]+)(@.*)?$/.exec(image)?.[1] ?? '';
