/** The media type of a content type, in lower case and without parameters: `text/plain` of `Text/Plain; charset=utf-8` (RFC 2045, 5.1). */
export const mediaTypeOf = (contentType: string | undefined): string | undefined =>
  contentType === undefined ? undefined : contentType.split(';', 1)[0]!.trim().toLowerCase();

/** Whether a content type has text in UTF-8, as far as it says: text, XML, with no other charset. */
export const isUtf8Text = (contentType: string): boolean => {
  const type = mediaTypeOf(contentType)!;
  if (!type.startsWith('text/') && !/\/(?:[^/]+\+)?xml$/.test(type)) return false;
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1]?.toLowerCase();
  return charset === undefined || charset === 'utf-8' || charset === 'us-ascii';
};
