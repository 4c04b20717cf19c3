/**
 * Answers with error codes that the library does not know.
 *
 * It looks each code up in a table and throws a TypeError at one that is not there, so that the whole answer is lost, whatever it says of
 * other topics and partitions. To it such a code is UNKNOWN_SERVER_ERROR from now on; `responseOf` gives the answer, with the code as it came.
 */
import { protocolErrorsCodesById } from '@platformatic/kafka';

const unknown = new Proxy(
  {},
  { get: (_, code) => (/^-?\d+$/.test(String(code)) ? 'UNKNOWN_SERVER_ERROR' : undefined) },
);

Object.setPrototypeOf(protocolErrorsCodesById, unknown);
