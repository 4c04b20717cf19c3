/** The address of a server as logs, errors and events show it: what may be a login (user, password, the values of the query) is masked. */
import { maskUrls } from '../api/words.ts';

export const shownUrl = (url: URL | string): string => maskUrls(String(url));
