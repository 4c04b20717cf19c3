/** EMQX's license, by GET /license, which open source versions (up to 5.8) do not have. */
import type { Figure } from '../mqtt/sys-topics.ts';
import { isMapping, isNumber } from './answers.ts';

const day = 86_400;

/** When it ends, seconds since 1970: EMQX says a day, and takes its beginning. Undefined if it says none. */
export function licenseEnd(answer: unknown): number | undefined {
  const date = isMapping(answer) ? answer.expiry_at : undefined;
  if (typeof date !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(date)) return undefined;
  const seconds = Date.parse(`${date}T00:00:00Z`) / 1000;
  return isNumber(seconds) ? seconds : undefined;
}

/** How many sessions it allows; before 5.6 these were connections. */
export function licenseSessions(answer: unknown): number | undefined {
  const { max_sessions, max_connections } = isMapping(answer) ? answer : {};
  return [max_sessions, max_connections].find(isNumber);
}

export function licenseFigures(answer: unknown): Figure[] {
  const end = licenseEnd(answer);
  const sessions = licenseSessions(answer);
  return [
    ...(end === undefined ? [] : [{ metric: 'emqx_license_expiry_timestamp_seconds', labels: {}, value: end }]),
    ...(sessions === undefined ? [] : [{ metric: 'emqx_license_max_sessions', labels: {}, value: sessions }]),
  ];
}

/** Whole days until then, 0 when it is over. */
export const daysLeft = (end: number, now: number): number => Math.max(Math.floor((end - now) / day), 0);
