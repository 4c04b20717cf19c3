/** Whether schema registries answer, let the bridge in, and have the subjects that rules write with. Nothing is registered. */
import { shownUrl } from '../../network/shown-url.ts';
import type { Registries } from '../registry/registries.ts';
import { type Check, found, passed } from './check.ts';

export async function* checkRegistries(registries: Pick<Registries, 'look'>): AsyncGenerator<Check> {
  for await (const { schema, url, subject, error } of registries.look()) {
    const name = `schema ${schema} at ${shownUrl(url)}`;
    if (error) yield found(name, error);
    else yield passed(name, subject === undefined ? 'answers, and lets us in' : `has the subject ${subject}`);
  }
}
