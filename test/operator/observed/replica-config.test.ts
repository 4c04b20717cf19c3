import { expect, it } from 'vitest';
import { replicaConfigOf } from '../../../operator/observed/replica-config.ts';

const label = 'bridge="cars"';

it.each([
  ['a bridge that runs what it was given', [`mkb_config_hash{${label}} 5`], { hash: 5, refusal: undefined }],
  [
    'one that refused a document',
    [`mkb_config_hash{${label}} 5`, `mkb_config_refused_hash{${label},code="reload-unanswered"} 6`],
    { hash: 5, refusal: { hash: 6, code: 'reload-unanswered' } },
  ],
  ['an image without reload', [`mkb_mqtt_connected{${label}} 1`], { hash: undefined, refusal: undefined }],
  // Who runs a Pod decides what its page says, and it goes into a status.
  ['a page with no number', [`mkb_config_hash{${label}} <script>`], { hash: undefined, refusal: undefined }],
  ['a page with a number that is none', [`mkb_config_hash{${label}} 1e300`], { hash: undefined, refusal: undefined }],
  [
    'a page with a code that is none',
    [`mkb_config_refused_hash{${label},code="A\\nB"} -1`],
    { hash: undefined, refusal: { hash: 0, code: 'unexpected' } },
  ],
])('%s is read', (_what, lines, config) => {
  expect(replicaConfigOf(lines)).toEqual(config);
});
