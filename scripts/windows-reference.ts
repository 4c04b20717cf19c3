/** The part of docs/reference/rules.md about rules that remember: GROUP BY, CHANGED DEDUP and earlier messages. */
import { defaultStateLimits } from '../rules/state-limits.ts';
import { type Aggregate, aggregates } from '../rules/windows/aggregates.ts';

const aggregateRow = ({ form, description }: Aggregate): string => `| \`${form}\` | ${description} |`;

export const windowsReference = `## GROUP BY: windows

\`\`\`sql
SELECT vin, COUNT(*) AS messages, AVG(payload.speed) AS mean, MAX(payload.speed) - MIN(payload.speed) AS spread, window_start
FROM "cars/{vin}/status"
WHERE payload.speed > 0
GROUP BY vin, TUMBLING(10s)
HAVING messages > 5
\`\`\`

Messages are counted for each key, and when a window ends, each key that had a message makes a row. It goes to each sink, as a record with the time
\`window_end\`.

- **TUMBLING(10s)**: one window after the other.
- **HOPPING(60s, 10s)**: a window of 60 s every 10 s, so that each message counts in six. The size is a multiple of the hop, and 100 hops at most.
- **SESSION(30s)**: begins with a message of a key, and ends when 30 s passed without another one of it.
- Durations are those of the document (\`500ms\`, \`1h30m\`), from 10 ms to 7 days. Windows begin at multiples of their hop since 1970 (UTC).
- **GROUP BY** takes one window and any number of expressions, which are the key; an alias of SELECT stands for its expression. Numbers are one key when they
  are equal, text and numbers never; what is undefined or null is a key too. It follows SELECT only, not FOREACH.
- **WHERE** decides for each message, before it is counted. It sees no aliases.
- **SELECT** and **HAVING** take aggregates, the expressions of GROUP BY, \`window_start\` and \`window_end\` (milliseconds since 1970; the end is not part of the
  window), and whatever is made of these. Anything else of a message is an error when the document is loaded: \`LAST(payload.state)\` says which value is meant.
  Without an aggregate, rows show which keys there were.
- **Templates** of sinks find the row, keys that are paths (\`key: \${vin}\`, selected or not), \`window_start\` and \`window_end\`.

| aggregate | value |
| --- | --- |
${aggregates.map(aggregateRow).join('\n')}

Values that are undefined or null do not count; without any value, all but COUNT are undefined. Other values than numbers, where numbers are needed, fail
the message with \`rule-failed\`, and then it counts in no aggregate of the rule. Names may be written in any case. Where aggregates can stand, \`first\` and \`last\` are
aggregates; within them, and elsewhere, they are the functions of lists.

### What a rule remembers, and forgets

- **Time** is when the bridge received a message, so that none is ever late. A window without a message makes no row.
- **Acknowledgement**: a message that is only counted is acknowledged at once. In the metrics it is \`dropped\` with the reason \`aggregated\`, which is
  no loss. To keep the messages themselves as well, forward them by a second rule. A message of QoS 1 that comes twice counts twice.
- **A stop** closes the windows that are open and writes their rows: \`window_end\` is then the time of the stop. After the restart the rest of the window
  makes a row of its own, with the same \`window_start\`. **A crash** forgets the windows that are open.
- **Replicas** each count the messages that they get, and each writes rows. Add them up behind Kafka, or use one replica.
- **Bounds**: \`state.maxEntries\` of the rule (${defaultStateLimits.maxEntries.toLocaleString('en')}) is for all its windows together: each key of a window (of HOPPING, of a hop) is an entry, and each
  different value of COUNT(DISTINCT). A message that needs one more fails with \`rule-state-full\`: it is a dead letter, or dropped as \`state_full\`. Keys and the values of
  FIRST and LAST may have \`state.maxValueBytes\` (${defaultStateLimits.maxValueBytes.toLocaleString('en')}).
- **A row that fails**, in SELECT or in Kafka, is a dead letter with the name of the rule: the row or, if there is none, the key and the times of the window.

## CHANGED and DEDUP: report by exception

\`\`\`sql
SELECT vin, payload.state AS state FROM "cars/{vin}/status" WHERE payload.ready AND CHANGED(payload.state)
\`\`\`

- **CHANGED(x)** is true when x differs from the last one of the same topic, and for the first one. \`CHANGED(x, key)\` compares with the last one of the key:
  \`CHANGED(payload.state, payload.deviceId)\`.
- **DEDUP(x, 60s)** is true when x was not let through within the last 60 s, by a message of any topic. The time counts from the one that was let through, so that what
  repeats for ever is reported every 60 s. \`DEDUP([vin, payload.id], 1h)\` looks at several values together.
- They see the messages for which they are worked out. In \`a AND CHANGED(x)\` those for which \`a\` holds, and so they belong behind all other conditions; in
  SELECT all messages, whatever WHERE says.
- Each one in a rule remembers on its own, up to \`state.maxEntries\` keys or values, in the memory of the process. What is oldest gives way, a restart forgets all, replicas
  do not share it: then something is reported once more than needed, and nothing is missed.

## Earlier messages: lag, latest, had_changed, changed_cols, acc_*

\`\`\`sql
SELECT payload.kwh - lag(payload.kwh, 1, payload.kwh) AS used, latest(payload.tariff) AS tariff, acc_max(payload.kw) OVER (PARTITION BY payload.site WHEN payload.on) AS peak
FROM "meters/{id}" WHERE used > 0
\`\`\`

- **What they look back at** are messages of the same topic; with \`OVER (PARTITION BY a, b)\` those with the same a and b, with \`OVER ()\` all messages of the rule.
- **WHEN condition** says which messages are remembered. One for which it is not true sees what is remembered, and changes nothing.
- **lag(x)** gives what the message before had, missing or not; for the first message its default, which may be x itself: a difference to what is missing is an error. The others skip what is missing.
- They see the messages for which they are worked out: behind AND, in CASE and in WHERE only those that come so far; in SELECT all messages, whatever WHERE says.
- **Bounds**: each call in a rule remembers up to \`state.maxEntries\` keys (then the one that was written longest ago gives way), of each at most \`state.maxValueBytes\` (a message that
  needs more fails), and forgets a key after \`state.maxAge\` (7d) without a message.
- **A restart forgets all**, and replicas do not share it. A reload keeps it as long as the rule is the same. So the first \`lag\` is missing, and \`acc_sum\` and \`acc_count\` begin at zero:
  \`mkb validate\` warns of these two.`;
