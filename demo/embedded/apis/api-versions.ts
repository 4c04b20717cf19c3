import { code } from '../codes.ts';
import type { AnswerWriter } from '../wire.ts';
import { type AnyApi, defineApi } from './api.ts';
import { apiKeys } from './names.ts';

/** ApiVersions: which APIs there are, in which versions. A client asks first. */
export const apiVersionsOf = (apis: () => Iterable<AnyApi>): AnyApi =>
  defineApi<null, number>({
    name: 'ApiVersions',
    versions: [0, 3],
    flexibleFrom: 3,
    read: () => null,
    act: (_, { faults }) => faults.instead(),
    write: (to, error) => writeApiVersions(to, error, apis()),
  });

/** The answer in the writer's version: an error code and the list, which is given with the error too (KIP-511). */
export function writeApiVersions(to: AnswerWriter, error: number, apis: Iterable<AnyApi>): void {
  to.appendInt16(error);
  to.list([...apis], api => {
    to.appendInt16(apiKeys[api.name])
      .appendInt16(api.advertisedFrom ?? api.versions[0])
      .appendInt16(api.versions[1]);
  });
  to.since(1, () => to.throttle());
}

/** The answer to a version nobody here knows, in version 0, which every client can read. */
export function refuseApiVersions(to: AnswerWriter, apis: Iterable<AnyApi>): void {
  writeApiVersions(to, code.UNSUPPORTED_VERSION, apis);
}
