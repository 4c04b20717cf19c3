/** Why a token, or the answer of a login server, cannot be taken: a clause for the log, without anything that is in it. */
export class Fault extends Error {}
