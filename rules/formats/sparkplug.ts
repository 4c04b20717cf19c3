/**
 * The payload of Sparkplug B: a protobuf message (proto2) with a time, a sequence number and metrics.
 * Source: the Sparkplug specification 3.0, section 6.4, "Payloads".
 *
 * Numbers are the field numbers of the specification; a field named by the same number in another place means another thing. Extensions
 * of third parties are not known and skipped.
 */
import protobuf from 'protobufjs/light.js';

type Fields = Record<string, { id: number; type: string; rule?: 'repeated' }>;

/** `type name` for fields numbered from 1; `type[] name` for a list. */
const fields = (...declarations: readonly string[]): Fields =>
  Object.fromEntries(
    declarations.map((declaration, at) => {
      const [type = '', name = ''] = declaration.split(' ');
      const plain = { id: at + 1, type: type.replace('[]', '') };
      return [name, type.endsWith('[]') ? { ...plain, rule: 'repeated' as const } : plain];
    }),
  );

const numbers = ['uint32 int_value', 'uint64 long_value', 'float float_value', 'double double_value'];
/** The ways to hold a value that all kinds of value have in common. */
const scalars = [...numbers, 'bool boolean_value', 'string string_value'];

/** At most one of `names` is set. */
const oneOf = (names: readonly string[]) => ({ value: { oneof: names.map(name => name.split(' ')[1] ?? '') } });

const extension = { fields: {} };

const parameter = {
  fields: fields('string name', 'uint32 type', ...scalars, 'ParameterValueExtension extension_value'),
  oneofs: oneOf([...scalars, 'ParameterValueExtension extension_value']),
  nested: { ParameterValueExtension: extension },
};

const dataSetValue = {
  fields: fields(...scalars, 'DataSetValueExtension extension_value'),
  oneofs: oneOf([...scalars, 'DataSetValueExtension extension_value']),
  nested: { DataSetValueExtension: extension },
};

const propertyValues = [
  ...scalars,
  'PropertySet propertyset_value',
  'PropertySetList propertysets_value',
  'PropertyValueExtension extension_value',
];

const metricValues = [
  ...scalars,
  'bytes bytes_value',
  'DataSet dataset_value',
  'Template template_value',
  'MetricValueExtension extension_value',
];

const nested = {
  Template: {
    fields: fields(
      'string version',
      'Metric[] metrics',
      'Parameter[] parameters',
      'string template_ref',
      'bool is_definition',
    ),
    nested: { Parameter: parameter },
  },
  DataSet: {
    fields: fields('uint64 num_of_columns', 'string[] columns', 'uint32[] types', 'Row[] rows'),
    nested: { DataSetValue: dataSetValue, Row: { fields: fields('DataSetValue[] elements') } },
  },
  PropertyValue: {
    fields: fields('uint32 type', 'bool is_null', ...propertyValues),
    oneofs: oneOf(propertyValues),
    nested: { PropertyValueExtension: extension },
  },
  PropertySet: { fields: fields('string[] keys', 'PropertyValue[] values') },
  PropertySetList: { fields: fields('PropertySet[] propertyset') },
  MetaData: {
    fields: fields(
      'bool is_multi_part',
      'string content_type',
      'uint64 size',
      'uint64 seq',
      'string file_name',
      'string file_type',
      'string md5',
      'string description',
    ),
  },
  Metric: {
    fields: fields(
      'string name',
      'uint64 alias',
      'uint64 timestamp',
      'uint32 datatype',
      'bool is_historical',
      'bool is_transient',
      'bool is_null',
      'MetaData metadata',
      'PropertySet properties',
      ...metricValues,
    ),
    oneofs: oneOf(metricValues),
    nested: { MetricValueExtension: extension },
  },
};

const payload = {
  edition: 'proto2',
  fields: fields('uint64 timestamp', 'Metric[] metrics', 'uint64 seq', 'string uuid', 'bytes body'),
  nested,
};

/** Made when first needed: most rules never see Sparkplug. */
let root: protobuf.Root | undefined;

const makeRoot = (): protobuf.Root => {
  const made = new protobuf.Root();
  made.addJSON({ Payload: payload });
  made.resolveAll();
  return made;
};

/** The message of a name (`Payload`, `Payload.Metric`), for `decodeMessage` and `encodeMessage`; undefined when there is none. */
export const sparkplugType = (name: string): protobuf.Type | undefined => {
  root ??= makeRoot();
  const found = root.lookup(name, protobuf.Type);
  return found instanceof protobuf.Type ? found : undefined;
};
