/**
 * How a bridge is, in one word and one sentence. It says nothing good of a bridge that it has not just heard from, and of one that is not ready: what is true
 * of the last figures may not be true now.
 */
import { count, duration, timeOfDay } from './numbers.js';

/** Without an event for so long, figures are old: one comes each second. */
export const staleMs = 3000;
/** A message that has been in flight for longer is worth a word, seconds. */
const longSeconds = 10;

/** What is shown while nothing is heard. @param heardAt when the last figures came, milliseconds since 1970; undefined before the first */
export const silent = (heardAt, now, refusal) => {
  if (refusal)
    return {
      tone: 'bad',
      status: `Refused: ${refusal}`,
      spoken: 'Refused',
      verdict: { tone: 'unknown', text: 'Unknown' },
    };
  if (heardAt === undefined)
    return {
      tone: 'unknown',
      status: 'Connecting',
      spoken: 'Connecting',
      verdict: { tone: 'unknown', text: 'Unknown' },
    };
  return {
    tone: 'bad',
    status: `Not heard from for ${count(Math.floor((now - heardAt) / 1000))} s`,
    spoken: 'Not heard from',
    verdict: { tone: 'unknown', text: `Unknown: these figures are of ${timeOfDay(heardAt)}` },
  };
};

/** Of a bridge that has just been heard from. */
export const heard = ({ missing, sources, config }) => {
  const sum = read => sources.reduce((all, source) => all + read(source), 0);
  const lost = sum(({ reasons }) => reasons.reduce((all, { count: n, intended }) => all + (intended ? 0 : n), 0));
  const letters = sum(({ deadLettered }) => deadLettered);
  const oldest = sources.reduce((most, { oldestSeconds }) => Math.max(most, oldestSeconds), 0);
  const inFlight = sum(({ inFlight: n }) => n);
  const waiting =
    oldest > longSeconds ? `, the oldest of ${count(inFlight)} in flight for ${duration(oldest * 1000)}` : '';
  const verdict = verdictOf({ missing, lost, letters, waiting });
  if (missing.length > 0) return { tone: 'bad', status: `Not ready: ${missing[0]}`, spoken: 'Not ready', verdict };
  if (config.refused !== undefined)
    return { tone: 'warn', status: 'Ready, the last reload failed', spoken: 'Ready, the last reload failed', verdict };
  return { tone: waiting ? 'warn' : 'good', status: waiting ? `Ready${waiting}` : 'Ready', spoken: 'Ready', verdict };
};

const verdictOf = ({ missing, lost, letters, waiting }) => {
  if (lost > 0) return { tone: 'bad', text: `${count(lost)} dropped that nobody asked for` };
  if (missing.length > 0)
    return { tone: 'warn', text: 'Waits: what is in flight is not acknowledged, so nothing is lost' };
  if (waiting) return { tone: 'warn', text: `Nothing lost${waiting}` };
  if (letters > 0) return { tone: 'warn', text: `Adds up: ${count(letters)} in the dead-letter topic` };
  return { tone: 'good', text: 'Adds up, nothing lost' };
};
