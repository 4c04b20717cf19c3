/** Which running bridge a command looks at. */
import { type Command, InvalidArgumentError, Option } from 'commander';

export const withLiveOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--url <url>', 'where the bridge serves HTTP (mkb run --http)')
        .argParser(parseUrl)
        .default(new URL('http://127.0.0.1:9400'), 'http://127.0.0.1:9400'),
    )
    .option('--token-file <file>', 'a file with the token that the bridge has for other machines');

const parseUrl = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw new InvalidArgumentError('Write a URL such as http://127.0.0.1:9400.');
};
