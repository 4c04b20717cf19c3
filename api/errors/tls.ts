/** Errors: what TLS can meet, whatever is spoken over it. `peer` says who it is: `the MQTT server mqtts://broker:8883`. */
import { table } from './entry.ts';

export interface Peer {
  readonly peer: string;
}

export const tlsErrors = table({
  'tls-invalid': {
    kind: 'permanent',
    message: ({ section, reason }: { section: string; reason: string }) =>
      `The TLS settings of ${section} cannot be used: ${reason}.`,
    remedy:
      'Give the text that the reason asks for: `ca` and `cert` are certificates in PEM, `key` is the private key of `cert` in PEM, and `passphrase` opens an encrypted one.',
  },
  'tls-untrusted': {
    kind: 'permanent',
    message: ({ peer, reason }: Peer & { reason: string }) => `The certificate of ${peer} is not trusted: ${reason}.`,
    remedy:
      'Put the certificate of the authority that signed it into `ca` of the TLS settings. `openssl s_client -showcerts -connect HOST:PORT` shows what the server sends.',
  },
  'tls-name-mismatch': {
    kind: 'permanent',
    message: ({ peer, names, host }: Peer & { names: string; host: string }) =>
      `The certificate of ${peer} is for ${names}, and not for ${host}.`,
    remedy:
      'Connect by a name that the certificate has, or set `serverName` of the TLS settings to one of them if the server is the right one.',
  },
  'tls-expired': {
    kind: 'permanent',
    message: ({ peer }: Peer) => `The certificate of ${peer} has expired.`,
    remedy: 'Renew it on the server. If it is valid, set the clock of this machine.',
  },
  'tls-not-yet-valid': {
    kind: 'retryable',
    message: ({ peer }: Peer) => `The certificate of ${peer} is not valid yet.`,
    remedy: 'Set the clock of this machine, or that of the issuer of the certificate. It is retried.',
  },
  'tls-certificate-demanded': {
    kind: 'permanent',
    message: ({ peer }: Peer) => `The server demands a client certificate, and there is none to show (${peer}).`,
    remedy: 'Give `cert` and `key` in the TLS settings, issued by an authority that the server trusts.',
  },
  'tls-certificate-refused': {
    kind: 'permanent',
    message: ({ peer, reason }: Peer & { reason: string }) =>
      `The client certificate was refused: ${reason} (${peer}).`,
    remedy: 'Put a certificate into `cert` of the TLS settings that an authority which the server trusts has issued.',
  },
  'tls-no-agreement': {
    kind: 'permanent',
    message: ({ peer, reason }: Peer & { reason: string }) => `TLS could not be set up with ${peer}: ${reason}.`,
    remedy:
      'Allow TLS 1.2 or 1.3 with usual ciphers on the server. If it serves several host names, set `serverName` of the TLS settings to the right one.',
  },
  'tls-not-spoken': {
    kind: 'permanent',
    message: ({ peer }: Peer) => `TLS was expected, but this port does not speak it (${peer}).`,
    remedy:
      'Use the port that serves TLS. If there is none, connect without it: mqtt:// or ws:// for MQTT, http:// for an API, no `tls` for Kafka.',
  },
  'tls-failed': {
    kind: 'retryable',
    message: ({ peer, reason }: Peer & { reason: string }) => `TLS could not be set up with ${peer}: ${reason}.`,
    remedy: 'It is retried. If it lasts, check that this port serves TLS, and look at the log of the server.',
  },
});
