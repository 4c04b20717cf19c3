/** `cloudEvents` of a sink: its records or messages are CloudEvents. */
import type { Static } from 'typebox';
import { choice, list, optional, section, text } from './fields.ts';

const extension = section('An attribute of your own, or of a documented extension.', {
  name: text('Its name: up to 20 lower-case letters and digits.', {
    pattern: '^[a-z0-9]{1,20}$',
    expected: 'up to 20 lower-case letters and digits',
  }),
  value: text('Template of its value; without one in a message, the event goes without it.', { minLength: 0 }),
});

/** @param what a sink makes: "record" */
export const cloudEventsOf = (what: string, names: string) =>
  section(
    `Makes each ${what} a CloudEvent (CloudEvents 1.0). An event that the sink passes on, because the message is one and its payload is what is sent, keeps its attributes but for those given here. Anything else is a new event.`,
    {
      mode: choice(
        ['binary', 'structured'],
        `\`binary\`: attributes are ${names}, and the ${what} holds the data as it is. \`structured\`: the ${what} holds attributes and data as JSON; data that is no JSON and no text is \`data_base64\`.`,
        { default: 'binary' },
      ),
      id: optional(
        text(
          'Template of the id. Events with the same source and id are the same to consumers. Without it, the rule and: of a Kafka record its topic, partition and offset, the same when it is read again; of an MQTT message a number that is new each time it comes, because MQTT cannot distinguish a message that comes again from another one like it. Where publishers number their messages, use that number.',
        ),
      ),
      source: optional(
        text(
          'Template of the source, a URI reference; what no URI may hold is percent-encoded. Without it, `/mqtt-kafka-bridges/` and the name of the bridge.',
        ),
      ),
      type: optional(
        text(
          'Template of the type, such as `com.example.vehicle.moved`. Without it, `dev.mqttkafka.message`, `.record`, `.window` or `.event`, by what it is made of.',
        ),
      ),
      subject: optional(
        text('Template of the subject. Without it, the MQTT topic of a message, or the key of a record if it is text.'),
      ),
      datacontenttype: optional(
        text(
          'Template of the content type of the data. Without it, what the publisher said of a payload that is passed on, or `application/json` for rows and other values that are written as JSON.',
        ),
      ),
      dataschema: optional(text('Template of the URI of the schema of the data.')),
      extensions: optional(list(extension, 'Further attributes.')),
    },
  );

export type CloudEvents = Static<ReturnType<typeof cloudEventsOf>>;
