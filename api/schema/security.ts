/** Secrets and TLS, which the MQTT and the Kafka side share. */
import type { Static, TProperties } from 'typebox';
import { flag, optional, section, text } from './fields.ts';

/** Text that is never printed: written out, or found at start in a Kubernetes Secret, an environment variable or a file. */
export const secret = (description: string) => secretWith(description, {});

/** The same of text that has a name. */
export const namedSecret = (description: string, name: string) => secretWith(description, { name: text(name) });

const secretWith = <P extends TProperties>(description: string, others: P) =>
  section(
    description,
    {
      ...others,
      value: optional(
        text('The text itself. Handy on a laptop; elsewhere keep it out of the document with `valueFrom`.'),
      ),
      valueFrom: optional(
        section(
          'Where the text is found when the bridge starts.',
          {
            secretKeyRef: optional(
              section(
                'A key of a Kubernetes Secret in the same namespace. Outside Kubernetes the file `<secrets dir>/<name>/<key>`.',
                {
                  name: text('The name of the Secret.', { ...fileName, expected: 'the name of a Secret' }),
                  key: text("The key in the Secret's data.", { ...fileName, expected: 'the name of a key' }),
                },
              ),
            ),
            env: optional(
              text('The name of an environment variable of the bridge.', {
                pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
                expected: 'the name of an environment variable',
              }),
            ),
            file: optional(
              text(
                "The path of a file, from the bridge's working directory if relative. One newline at its end is left out.",
              ),
            ),
          },
          { exactlyOne: ['secretKeyRef', 'env', 'file'] },
        ),
      ),
    },
    { exactlyOne: ['value', 'valueFrom'], secret: true },
  );

/** One file name and never a way out of its folder: some character besides dots, and no slash [Kubernetes: IsConfigMapKey]. */
const fileName = { pattern: '^[-._a-zA-Z0-9]*[-_a-zA-Z0-9][-._a-zA-Z0-9]*$', maxLength: 253 };

export const tls = (description: string) =>
  section(description, {
    ca: optional(secret('Certificates in PEM to trust instead of the well-known authorities.')),
    cert: optional(secret('Our own certificate chain in PEM, for servers that ask who we are. Needs `key`.')),
    key: optional(secret('The private key of `cert` in PEM.')),
    passphrase: optional(secret('What opens `key` if it is encrypted.')),
    serverName: optional(text("The name to expect in the server's certificate. Default: the host connected to.")),
    insecureSkipVerify: flag('Accept any certificate. Anyone on the way can then read and change everything.', {
      default: false,
    }),
  });

export type Secret = Static<ReturnType<typeof secret>>;
export type Tls = Static<ReturnType<typeof tls>>;
