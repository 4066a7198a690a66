/**
 * A string as JSON text. Most strings of an answer are short and hold nothing to escape: looking at each character and
 * concatenating beats `JSON.stringify` a string.
 */
export function quote(text: string): string {
  const { length } = text;
  if (length > 64) return JSON.stringify(text);
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    // control characters, `"`, `\`, and surrogates, of which a lone one is escaped (ECMA-262, QuoteJSONString)
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code <= 0xdfff))
      return JSON.stringify(text);
  }
  return `"${text}"`;
}
