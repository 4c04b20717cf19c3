/** What the command line of vehicles says of itself; it loads nothing else for that. */

/** Where vehicles publish. */
export const defaultTopic = 'mqttx/simulate/tesla/{clientid}';

/** The grammar in a line, for help and errors. */
export const faultGrammar =
  'dropout:PROBABILITY[:DURATION], malformed:PROBABILITY or burst:PROBABILITY[:COUNT], PROBABILITY from 0 to 1, COUNT from 2 to 1000';
