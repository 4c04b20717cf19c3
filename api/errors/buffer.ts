/** Errors of the buffer on disk (`delivery.buffer`). */
import { table } from './entry.ts';

export const bufferErrors = table({
  'buffer-locked': {
    kind: 'retryable',
    message: ({ folder }: { folder: string }) => `The buffer in ${folder} is open in another process.`,
    remedy:
      'It is opened when the other process has ended. If both are to run, give each a folder of its own in delivery.buffer.path, or each another --ordinal.',
  },
  'buffer-unusable': {
    kind: 'permanent',
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `The folder ${folder} cannot be used for a buffer: ${reason}.`,
    remedy:
      'See that delivery.buffer.path is on a disk that is mounted and writable, and that this user may write there (ls -ld, df). Messages stay with the MQTT broker meanwhile.',
  },
  'buffer-unreadable': {
    kind: 'retryable',
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `The buffer in ${folder} cannot be read now: ${reason}.`,
    remedy:
      'It is read again every second, and newer messages wait: for five seconds if the disk gives what is around, for ten minutes if it gives nothing. Check the disk (dmesg, smartctl) and its mount.',
  },
  'buffer-blocks-unreadable': {
    kind: 'permanent',
    message: ({ path, blocks, first }: { path: string; blocks: number; first: number }) =>
      `The disk does not give ${blocks === 1 ? 'a block' : `${blocks} blocks`} of ${path}, from byte ${first} on.`,
    remedy:
      'The messages in them are lost, and counted as unreadable; those behind are handed over. Check the disk (dmesg, smartctl), and replace it.',
  },
  'buffer-write-failed': {
    kind: 'retryable',
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `The buffer in ${folder} cannot be written: ${reason}.`,
    remedy:
      'It is tried again every second; until then messages are acknowledged when Kafka has them, and kept in memory. Make room on the disk, or correct its mount and rights.',
  },
  'sessions-write-failed': {
    kind: 'retryable',
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `The sessions of MQTT clients in ${folder} cannot be written: ${reason}.`,
    remedy:
      'It is tried again every second; until then records for clients that are not connected stay uncommitted in Kafka. Make room on the disk, or correct its mount and rights.',
  },
  'sessions-damaged': {
    kind: 'retryable',
    message: ({ folder, count }: { folder: string; count: number }) =>
      `${count} entries of the sessions of MQTT clients in ${folder} are damaged or missing.`,
    remedy:
      'What they said is lost: subscriptions, or messages that waited. Check the disk. Clients that connect with clean start, and subscribe again, have all they need.',
  },
  'buffer-version-unknown': {
    kind: 'permanent',
    message: ({ path, version, known }: { path: string; version: number; known: number }) =>
      `${path} has version ${version} of the buffer's format, and this mkb knows up to version ${known}.`,
    remedy:
      'Run the newer version of mkb that wrote it until the buffer is empty (mkb buffer status), and then this one. Nothing was changed.',
  },
  'buffer-key-invalid': {
    kind: 'permanent',
    message: (_: object) => 'delivery.buffer.encryptionKey is no key of 32 bytes.',
    remedy: 'Make one with: openssl rand -base64 32. 64 hexadecimal digits will do, too.',
  },
  'buffer-key-missing': {
    kind: 'permanent',
    message: ({ path }: { path: string }) => `${path} is encrypted, and no key is given.`,
    remedy: 'Give the key that it was written with: delivery.buffer.encryptionKey, or --key-file of mkb buffer.',
  },
  'buffer-key-wrong': {
    kind: 'permanent',
    message: ({ path }: { path: string }) => `${path} is encrypted with another key than the one given.`,
    remedy:
      'Give the key that it was written with until the buffer is empty (mkb buffer status), and change it then. Nothing was changed.',
  },
  'buffer-messages-lost': {
    kind: 'permanent',
    message: ({ folder, count, why }: { folder: string; count: number; why: string }) =>
      `${count} messages of the buffer in ${folder} ${why}.`,
    remedy:
      'All others are handed over. Check the disk, and list the damage with: mkb buffer verify. The metric mkb_buffer_messages_dropped_total counts them by reason.',
  },
  'buffer-full': {
    kind: 'retryable',
    message: ({ count }: { count: number }) => `The buffer is full: ${count} messages were dropped, as whenFull says.`,
    remedy:
      'See why messages are not delivered (mkb status, /readyz), or give the buffer more room in delivery.buffer.maxBytes.',
  },
  'buffer-ledger-lost': {
    kind: 'retryable',
    message: ({ folder }: { folder: string }) => `The ledger of the buffer in ${folder} is missing or damaged.`,
    remedy: 'Nothing is lost. Every message in the files is handed over again, so expect duplicates.',
  },
  'buffer-absent': {
    kind: 'permanent',
    message: ({ folder }: { folder: string }) => `There is no buffer in ${folder}.`,
    remedy: 'Give the folder of delivery.buffer.path, or the one of a bridge in it.',
  },
});
