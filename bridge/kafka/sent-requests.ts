/**
 * Gives the memory of requests back when the kernel has taken them.
 *
 * The library joins the parts of each request into a new buffer: for Produce that is a megabyte, a thousand times a second. Memory of buffers
 * is not V8's own, so it is freed no sooner than V8 looks for garbage, and V8 looks through all that it holds whenever 64 MiB of it have
 * gathered: at QoS 0 a third of the bridge's CPU time was that. Nobody reads a request that was written, so its memory need not wait.
 */
import type { Socket } from 'node:net';

/** Smaller ones cost little, or share their memory with others (`Buffer.poolSize`). */
const largeBytes = 64 * 1024;

/** Call once for a socket. */
export function freeSentRequests(socket: Socket): void {
  const write = socket.write.bind(socket) as (request: Uint8Array, ...more: unknown[]) => boolean;
  socket.write = (request: Uint8Array | string, ...more: unknown[]): boolean => {
    if (typeof request === 'string' || more.length > 0 || !isAlone(request))
      return write(request as Uint8Array, ...more);
    return write(request, (error?: Error | null) => {
      if (!error) (request.buffer as ArrayBuffer).transfer(0);
    });
  };
}

const isAlone = ({ length, buffer }: Uint8Array): boolean => length >= largeBytes && length === buffer.byteLength;
