import { LongNumber } from '../runtime/longNumber.ts';

/**
 * Whether a document's text nests selection sets, lists and objects deeper than `max`. The parser of graphql-js calls itself
 * for each level, and would end in an exhausted stack; so the text is read for its brackets before it is parsed.
 */
export function nestsDeeper(text: string, max: number): boolean {
  // a level takes a character at the least
  if (text.length <= max) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        if (depth > max) return true;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1;
        break;
      case QUOTE:
        index = endOfString(text, index);
        break;
      case HASH:
        index = endOfComment(text, index);
        break;
    }
  }
  return false;
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const QUOTE = 0x22;
const HASH = 0x23;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Where the string that starts here ends. One that does not end on its line is left there: the parser refuses it. */
function endOfString(text: string, start: number): number {
  if (text.startsWith('"""', start)) {
    for (let end = text.indexOf('"""', start + 3); end !== -1; end = text.indexOf('"""', end + 3)) {
      if (text.charCodeAt(end - 1) !== BACKSLASH) return end + 2;
    }
    return text.length;
  }
  for (let index = start + 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === BACKSLASH) index += 1;
    else if (code === QUOTE || code === LINE_FEED || code === CARRIAGE_RETURN) return index;
  }
  return text.length;
}

function endOfComment(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) return index;
  }
  return text.length;
}

/** Whether a JSON value nests lists and objects deeper than `max`. Source: `JSON.stringify` fails beyond 5,000 levels. */
export function valueNestsDeeper(value: unknown, max: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (max === 0) return !(value instanceof LongNumber);
  if (Array.isArray(value)) {
    for (const item of value) if (valueNestsDeeper(item, max - 1)) return true;
    return false;
  }
  for (const key of Object.keys(value)) {
    if (valueNestsDeeper((value as Record<string, unknown>)[key], max - 1)) return true;
  }
  return false;
}
