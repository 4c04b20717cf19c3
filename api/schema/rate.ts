import { text } from './fields.ts';

/** Text that `perSecond` of rates.ts reads. */
export const rate = (description: string) =>
  text(description, {
    pattern: '^[1-9][0-9]{0,8}/(s|m|h)$',
    expected: 'a whole number for each second, minute or hour, such as 1000/s, 30/m or 10/h',
  });
