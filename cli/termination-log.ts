/**
 * Why this process is about to end, in one line, for whoever looks at its Pod: the kubelet takes it into the status of the container, where the
 * operator reads it. https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';

const terminationLog = '/dev/termination-log';

/** Adds a line. Outside of Kubernetes there is no such file, and none is made. */
export function recordCause(cause: string, file = terminationLog): void {
  try {
    const opened = openSync(file, constants.O_WRONLY | constants.O_APPEND);
    try {
      writeSync(opened, `${cause.replaceAll(/\s+/g, ' ').trim()}\n`);
    } finally {
      closeSync(opened);
    }
  } catch {
    // It has been printed as well.
  }
}
