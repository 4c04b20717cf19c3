/**
 * Sparkplug B payloads: see ../formats/sparkplug.ts. EMQX has two families: sparkplug_* with bytes as they are, and spb_* with bytes as base64, which
 * fit JSON, and with the names of births.
 */
import { decodeMessage, encodeMessage } from '../formats/protobuf.ts';
import { sparkplugType } from '../formats/sparkplug.ts';
import { Births, sparkplugPlace } from '../formats/sparkplug-births.ts';
import { decodedValues, valuesToEncode } from '../formats/sparkplug-values.ts';
import { withBase64, withBytes, zipped } from '../formats/sparkplug-views.ts';
import { jsonOrUndefined } from '../json.ts';
import { longestText, mustFit } from '../longest-text.ts';
import { Refusal } from '../refusal.ts';
import { isMap, newMap, type Value } from '../value.ts';
import { sizeOf } from '../windows/bounded.ts';
import { any, bytes, custom, define, type FunctionEntry, optional, text } from './define.ts';

type Type = NonNullable<ReturnType<typeof sparkplugType>>;

/** Whether a host is there [Sparkplug 3.0, 6.4.24]; before version 3 it was a word. */
const stateOf = (data: Buffer): Value => {
  const decoded = jsonOrUndefined(data);
  if (isMap(decoded)) return decoded;
  const word = data.toString('latin1', 0, 10);
  if (word !== 'ONLINE' && word !== 'OFFLINE') throw new Refusal('a STATE message must be JSON, ONLINE or OFFLINE');
  return Object.assign(newMap(), { online: word === 'ONLINE' });
};

const isState = (topic: string | undefined): boolean => /^(?:spBv1\.0\/)?STATE\/[^/]+$/.test(topic ?? '');

const decodeSpb = (data: Buffer, type: Type, births: Births, topic: string | undefined): Value => {
  if (isState(topic)) return stateOf(data);
  const decoded = decodeMessage(type, data);
  const place = sparkplugPlace(topic);
  const named =
    place === undefined || type.name !== 'Payload' || !isMap(decoded) ? decoded : births.apply(decoded, place);
  return withBase64(decodedValues(type.name, named));
};

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
  {
    ...define({
      name: 'spb_decode',
      parameters: [bytes('data'), optional(messageType)],
      returns: 'map',
      description:
        'As sparkplug_decode, with bytes as base64, and with the names and datatypes that NDATA and DDATA leave out: those of the last NBIRTH and DBIRTH that came through this call, by the topic of the message. Where they are not known, `birth_missing` is true. Of a STATE message its JSON.',
      examples: [["spb_decode(hexstr2bin('120A0A0162200C82010200FF')).metrics[1].bytes_value", 'AP8=']],
      call: ([data, type = messageType.read('Payload')]) =>
        withBase64(decodedValues(type.name, decodeMessage(type, data))),
    }),
    ofMessage: true,
    remembers: true,
    prepare: memory => {
      const births = new Births(memory);
      return ([data, type = messageType.read('Payload')], { message }) =>
        decodeSpb(data as Buffer, type as Type, births, message.topic);
    },
  },
  define({
    name: 'spb_encode',
    parameters: [any('map'), optional(messageType)],
    returns: 'bytes',
    description: 'The inverse of spb_decode: as sparkplug_encode, with `bytes_value` and `body` in base64.',
    examples: [["bin2hexstr(spb_encode({metrics: [{name: 'a', bytes_value: 'AP8='}]}))", '12080A016182010200FF']],
    call: ([value, type = messageType.read('Payload')]) =>
      encodeMessage(type, valuesToEncode(type.name, withBytes(value))),
  }),
  define({
    name: 'spb_zip_kvs',
    parameters: [any('map')],
    returns: 'any',
    description:
      'What spb_decode gives, with the `keys` and `values` of property sets as one map, lists of property sets as lists, and data sets as a map with the cells of each column.',
    examples: [
      [
        "spb_zip_kvs({properties: {keys: ['unit'], values: [{string_value: 'km'}]}})",
        { properties: { unit: { string_value: 'km' } } },
      ],
    ],
    call: ([value]) => {
      mustFit(sizeOf(value, longestText));
      return zipped(value);
    },
  }),
];
