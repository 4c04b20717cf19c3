/** The names are those of EMQX 5.8: the exports of its rule functions, sprintf, and what its schema registry adds; and what is ours alone. */
import { expect, test } from 'vitest';
import { functionNames } from '../../../rules/functions/registry.ts';

const names = `
  msgid qos flags flag topic clientid clientip peerhost username payload contains_topic contains_topic_match null coalesce coalesce_ne
  div mod eq
  abs acos acosh asin asinh atan atanh ceil cos cosh exp floor fmod log log10 log2 power round sin sinh sqrt tan tanh
  bitnot bitand bitor bitxor bitsl bitsr bitsize bytesize subbits
  str str_utf8 str_utf16_le bool int float float2str map bin2hexstr hexstr2bin sqlserver_bin2hexstr
  is_null is_null_var is_not_null is_not_null_var is_str is_bool is_int is_float is_num is_map is_array is_empty
  lower ltrim reverse rtrim rm_prefix strlen substr trim upper split concat tokens sprintf_s sprintf pad replace
  regex_match regex_replace regex_extract ascii find join_to_string map_to_redis_hset_args join_to_sql_values_string jq unescape
  map_new map_get map_put map_keys map_values map_to_entries map_size mget mput
  nth length sublist first last contains
  md5 sha sha256 hash zip unzip gzip gunzip zip_compress zip_uncompress
  base64_encode base64_decode json_encode json_decode term_encode term_decode
  now_rfc3339 unix_ts_to_rfc3339 rfc3339_to_unix_ts now_timestamp format_date date_to_unix_ts timezone_to_second
  timezone_to_offset_seconds mongo_date
  getenv random uuid_v4 uuid_v4_no_hyphen
  proc_dict_get proc_dict_put proc_dict_del kv_store_get kv_store_put kv_store_del
  sparkplug_encode sparkplug_decode
  schema_encode schema_decode schema_check avro_encode avro_decode schema_encode_and_tag schema_decode_tagged
`
  .trim()
  .split(/\s+/);

const ours = `
  CHANGED DEDUP ifnull is_json lookup
  lag latest had_changed changed_cols acc_avg acc_count acc_max acc_min acc_sum
  array_all array_any array_avg array_concat array_distinct array_filter array_flatten array_map array_max array_min array_reverse array_sort array_sum array_zip map_from_entries
  spb_decode spb_encode spb_zip_kvs json_value
  json_path jwt_value hash_to_range geohash distance in_polygon convert_unit cbor_decode cbor_encode msgpack_decode msgpack_encode
`
  .trim()
  .split(/\s+/);

test('every function of EMQX has an entry, and no other function but ours', () => {
  expect([...functionNames].sort()).toEqual([...names, ...ours].sort());
});
