/** Sparkplug B payloads: see ../formats/sparkplug.ts. */
import { decodeMessage, encodeMessage } from '../formats/protobuf.ts';
import { sparkplugType } from '../formats/sparkplug.ts';
import { decodedValues, valuesToEncode } from '../formats/sparkplug-values.ts';
import { Refusal } from '../refusal.ts';
import { any, bytes, custom, define, type FunctionEntry, optional, text } from './define.ts';

const messageType = custom('type', 'text', value => {
  const name = text('type').read(value);
  const type = sparkplugType(name);
  if (type === undefined) throw new Refusal(`Sparkplug has no message ${name}; Payload is the whole`);
  return type;
});

export const sparkplugFunctions: readonly FunctionEntry[] = [
  define({
    name: 'sparkplug_decode',
    parameters: [bytes('data'), optional(messageType)],
    returns: 'map',
    description:
      "A Sparkplug B payload (or another `type` of its messages) as a map with the specification's field names. Numbers have the sign of their datatype, where the message gives it; arrays of whole numbers are lists.",
    examples: [
      ["sparkplug_decode(hexstr2bin('1805'))", { seq: 5 }],
      ["sparkplug_decode(hexstr2bin('1208200350F4FFFFFF0F')).metrics[1].int_value", -12],
    ],
    call: ([data, type = messageType.read('Payload')]) => decodedValues(type.name, decodeMessage(type, data)),
  }),
  define({
    name: 'sparkplug_encode',
    parameters: [any('map'), optional(messageType)],
    returns: 'bytes',
    description:
      "A map with the specification's field names as a Sparkplug B payload (or another `type` of its messages).",
    examples: [['bin2hexstr(sparkplug_encode(json_decode(\'{"seq": 5}\')))', '1805']],
    call: ([value, type = messageType.read('Payload')]) => encodeMessage(type, valuesToEncode(type.name, value)),
  }),
];
