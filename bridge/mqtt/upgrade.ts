/** The answer to a request for a WebSocket, when it is not the one that opens it. */
export class Upgrade extends Error {
  /** Of HTTP; undefined when the answer is none of HTTP. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}
