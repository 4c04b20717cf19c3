/** The part of docs/reference/rules.md that lists every deliberate difference from EMQX. */
export const differences = `## Differences from EMQX

Where EMQX gives a value, a rule here gives the same. It differs where EMQX fails, or has no such thing:

- \`NOT IN\`, NOT over AND, OR and IN, a column as a condition, TRUE and FALSE in capitals, a comment on the last line, and \`/* ... */\` work.
- A doubled quote in text is one quote: \`'it''s'\` is it's. EMQX keeps both, and drops all quotes at the ends.
- WHERE comes before SELECT: a message that WHERE leaves out never fails by what SELECT, FOREACH or HAVING would have worked out. EMQX works them out first.
  Only what SELECT remembers (kv_store_put, proc_dict_put, CHANGED, DEDUP) is remembered of all messages, as there.
- Of two conditions one guards the other in either order, and \`coalesce\` and its like work out no argument after the one they take: EMQX fails where any part fails.
- A comparison with undefined or null is unknown: not true, and NOT of it is not true either. In EMQX it is false (so NOT makes it true),
  undefined equals undefined, \`null\` is text of that name and larger than any number, and CASE x WHEN finds what is undefined. As a value, unknown is undefined where EMQX gives false.
- \`<\`, \`<=\`, \`>\` and \`>=\` between values of different kinds (\`true > 30\`, a list and text) are an error. EMQX has an order of all terms. Numbers and
  text that is a number compare, as there; booleans and text compare by their names.
- A number or text as a constant condition (\`WHERE 1\`) is refused when the document is loaded. In CASE WHEN, a function that gives neither true nor false is an error,
  where EMQX goes on with the next branch.
- A range of a list gives what the list has of it: \`l[-3..-1]\` of two elements is both, and one that ends before it begins is empty. EMQX fails there.
- A position within a path is an expression of the rule: \`payload.list[payload.i]\`, \`payload.list[qos]\`. EMQX looks for its name within the value before it. In an alias it
  is a number.
- Positions and ranges that no list has (\`payload.a[0]\`, \`payload['a']\`, \`l[3..1]\`) are refused when the document is loaded, with what to write. EMQX takes them: the first
  two are always undefined, and the last always fails.
- A client id, user name or address (\`clientid\`, \`username\`, \`peerhost\` and EMQX's like) is refused unless FROM captures it, SELECT gives an alias of that name, or the rule
  reads \`$events\`: behind a broker a message does not say who published it. \`SELECT *\` leaves them out.
- A key that begins with a digit and goes on with letters stands in quotes. (EMQX takes \`payload.1a\` for \`payload.1 AS a\`.)
- AND, OR, NOT and IN are also values: \`SELECT qos IN (1, 2) AS sure\`.
- \`IS NULL\` (undefined or JSON's null), \`BETWEEN\`, \`LIKE\` and \`||\` exist. \`{name}\`, \`{name}#\` and \`part-{name}\` captures exist, and the columns \`rule_name\` and \`bridge_name\`.
- Unknown functions and columns, and wrong arguments, are found when the document is loaded.
- An expression without alias is called by its own text, not by a name with the time in it.
- A template (\`\${topic}\`) that the row does not have looks in the message's own columns; one that SELECT gives an alias does not, even if it has no value. In
  the middle of other text, undefined and null are empty; in a topic they fail the message.
- \`FOREACH payload\` decodes the payload. A list without alias adds no column of a made-up name to the rows.
- Maps are written as \`{name: value}\`; what is undefined is left out.
- \`flags.retain\` is true for a message that the broker had stored before the bridge subscribed, and for no other, in both versions of MQTT. In EMQX it is what the publisher
  set, and rules there never see a stored message again. So \`WHERE NOT flags.retain\` leaves out stored messages here, and loses no live ones.
- \`LET\`, \`CAST(x AS type)\`, \`IF(condition, value, otherwise)\` and lambdas (\`x -> x.value\`) exist.
- GROUP BY with windows, CHANGED, DEDUP, and lag, latest, had_changed, changed_cols and acc_* with OVER exist. \`$events/bridge/...\` exist; events that only a
  broker sees are refused by name.

### In functions

- \`ifnull\`, \`is_json\`, \`array_*\`, \`map_from_entries\`, \`json_path\`, \`geohash\`, \`distance\`, \`in_polygon\`, \`convert_unit\`, \`cbor_*\` and \`msgpack_*\`
  exist. \`jwt_value\`, \`json_value\` and \`hash_to_range\` are those of EMQX's expressions, \`spb_*\` those of EMQX 6. Those of lists begin with \`array_\` because EMQX has \`map()\`, \`first()\` and \`last()\` for other things, and MIN, MAX, SUM and AVG are aggregates. \`abs\` takes floats. \`concat\` and \`coalesce\` take any number of arguments. \`mget\` and \`mput\` take a list of keys, as EMQX's documentation says.
- Regular expressions are RE2's: matched in time linear in the text, so that no message can hold up a rule. There is no look-around, no back
  reference and no possessive quantifier (found when the document is loaded), \`.\` is a character where EMQX sees a byte, and
  \`\\s\` is no vertical tab.
- \`sprintf\`: \`~ts\` writes UTF-8, and widths count characters where EMQX counts bytes; \`~p\` writes one line; \`~x\` takes text as its
  prefix; \`~W\` and \`~P\` do not exist.
- \`reverse\` works beyond Latin-1. \`float2str(x, 0)\` keeps the zeros of a large number.
- \`contains_topic\` and \`contains_topic_match\` take lists that come from JSON, and lists of text. (In EMQX they find nothing there.)
- Unknown options of \`base64_encode\` and \`base64_decode\` are an error. White space in base64 is ignored by both.
- \`hash\` has no md4, shake128 and shake256. \`term_decode\` gives text for atoms, and lists for tuples.
- \`map_keys\`, \`map_values\`, \`map_to_entries\` and \`map_to_redis_hset_args\` go by sorted keys, however many there are. JSON is written in the
  order in which keys came.
- \`format_date\` and \`unix_ts_to_rfc3339\` are right for times before 1970 with a fraction. \`mongo_date\` gives the text that EMQX shows in tests.
- \`jq\` is jq 1.8. A call costs about a millisecond. A bridge runs it in a thread, and the message waits for it with those behind it.
- A call that would make text of more than 16 MiB (16,777,216 characters) fails.
- \`kv_store_*\` and \`proc_dict_*\` keep up to 100,000 keys together in the memory of the process: when it is full, the key that was written longest ago
  gives way, a restart forgets all, and replicas do not share it. \`proc_dict_*\` is for each publisher: by the \`{clientid}\` that FROM
  captures, or the message's client id, where EMQX goes by connection. Messages without either share one.
- \`sparkplug_decode\` gives numbers the sign of their datatype (an Int32 of -12 is -12, not 4294967284), and arrays of whole numbers as lists; \`sparkplug_encode\` takes both, and refuses a number that its datatype cannot hold. A metric without
  its datatype, as in NDATA and DDATA, keeps its number as it came.
- \`spb_decode\` gives a metric of NDATA and DDATA the datatype of its birth too, hence its sign, says \`birth_missing\` where no birth was seen, and gives the JSON of a STATE message. \`spb_zip_kvs\` gives each column of a
  data set its own cells, where EMQX gives the first column the first row.
- Unknown schemas and message types, and slips in the schemas themselves, are found when the document is loaded.
- JSON Schema: drafts 6, 7, 2019-09 and 2020-12, not 3 and 4. Patterns are RE2's, as in functions.
- What makes much from little has a limit: shifts of 1,000,000 bits, padding and fields of 1,000,000 characters, 64 MiB decompressed.
`;
