/**
 * A number of a JSON text that has more digits than a double holds: `9007199254740993`, `0.12345678901234567890`. It takes the
 * place of the number that `JSON.parse` would round. `Number(value)` is that number, `String(value)` has the digits.
 */
export class LongNumber {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  valueOf(): number {
    return Number(this.#text);
  }

  toString(): string {
    return this.#text;
  }

  /** `JSON.stringify` has no number for it; `jsonOf` writes the digits. */
  toJSON(): number {
    wasRounded = true;
    return Number(this.#text);
  }
}

/** Set by `toJSON`: values are walked for long numbers where they have some, and nowhere else. */
let wasRounded = false;

/** `JSON.stringify` that writes a `LongNumber` with all of its digits. `undefined` for what has no JSON. */
export function jsonOf(value: unknown): string | undefined {
  wasRounded = false;
  const text: string | undefined = JSON.stringify(value);
  return wasRounded ? writeWithDigits(value) : text;
}

function writeWithDigits(value: unknown): string {
  if (value instanceof LongNumber) return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(writeWithDigits).join(',')}]`;
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${fields.map(([key, inner]) => `${JSON.stringify(key)}:${writeWithDigits(inner)}`).join(',')}}`;
}

/** The value with its long numbers rounded, as `JSON.parse` would have given it; the same value where it has none. */
export function rounded(value: unknown): unknown {
  return hasLongNumber(value) ? roundedCopy(value) : value;
}

function hasLongNumber(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof LongNumber) return true;
  if (Array.isArray(value)) return value.some(hasLongNumber);
  for (const key in value) if (hasLongNumber((value as Record<string, unknown>)[key])) return true;
  return false;
}

function roundedCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof LongNumber) return Number(value);
  if (Array.isArray(value)) return value.map(roundedCopy);
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) put(copy, key, roundedCopy(inner));
  return copy;
}

/**
 * `JSON.parse`, but numbers that it would round are `LongNumber`s.
 * @throws SyntaxError
 */
export function parseWithDigits(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  return mayHoldLongNumber(text) ? readWithDigits(text) : parsed;
}

/**
 * The same, below one key of the object, or of each object of a list. What is elsewhere is read by code that knows of no other numbers.
 * @throws SyntaxError
 */
export function parseWithDigitsBelow(key: string, text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  if (mayHoldLongNumber(text)) putBelow(parsed, readWithDigits(text), key);
  return parsed;
}

function putBelow(target: unknown, source: unknown, key: string): void {
  if (typeof target !== 'object' || target === null || typeof source !== 'object' || source === null) return;
  if (Array.isArray(target)) {
    for (const [index, item] of target.entries()) {
      if (!Array.isArray(item)) putBelow(item, Reflect.get(source, index), key);
    }
  } else if (Object.hasOwn(target, key))
    put(target as Record<string, unknown>, key, Reflect.get(source, key));
}

/**
 * Whether a JSON text may have a number that `JSON.parse` rounds; `true` also for what only looks like one inside of a string. Such a
 * number has sixteen characters or more that are digits or a point, so that a look at every sixteenth character finds it: that
 * takes 6 µs for 90 kB, which is read in 400.
 */
export function mayHoldLongNumber(text: string): boolean {
  for (let at = MIN_DIGITS - 1; at < text.length; at += MIN_DIGITS) {
    if (!isInRow(text.charCodeAt(at))) continue;
    // of sixteen in a row, one of these is in it too
    if (!isInRow(text.charCodeAt(at - HALF)) && !isInRow(text.charCodeAt(at + HALF))) continue;
    let start = at;
    while (isInRow(text.charCodeAt(start - 1))) start -= 1;
    let end = at + 1;
    while (isInRow(text.charCodeAt(end))) end += 1;
    if (end - start >= MIN_DIGITS && isAfterStart(text, start) && isRounded(literalAt(text, start)))
      return true;
    // no row is looked at twice, however long it is
    at = end;
  }
  return false;
}

/** A digit, or the point of a decimal. There is no character beside the text: `NaN` is none of them. */
function isInRow(code: number): boolean {
  return (code >= DIGIT_0 && code <= DIGIT_9) || code === POINT;
}

/** A double holds any fifteen digits (`DBL_DIG` of C). */
const MIN_DIGITS = 16;
const HALF = MIN_DIGITS / 2;

/** Whether a number may begin with the digit at a place: most rows of digits are the text of a string. */
function isAfterStart(text: string, digit: number): boolean {
  const before = text.charAt(digit - 1);
  return BEFORE_VALUE.includes(before === '-' ? text.charAt(digit - 2) : before);
}

/** Empty before the first character. */
const BEFORE_VALUE = ':,[ \n\r\t';

/** The number that has its first digit at a place; no sign changes its digits. */
function literalAt(text: string, digit: number): string {
  NUMBER.lastIndex = digit;
  return NUMBER.exec(text)?.[0] ?? '';
}

const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function isRounded(literal: string): boolean {
  return literal.length >= MIN_DIGITS && String(Number(literal)) !== literal;
}

type Container = unknown[] | Record<string, unknown>;

/** Reads what is known to be JSON; without recursion, so that it nests as deep as `JSON.parse` lets it. */
function readWithDigits(text: string): unknown {
  const outer: (Container | undefined)[] = [];
  let root: unknown;
  let container: Container | undefined;
  let key: string | undefined;
  const add = (value: unknown): void => {
    if (container === undefined) root = value;
    else if (Array.isArray(container)) container.push(value);
    else put(container, key ?? '', value);
    key = undefined;
  };
  let at = 0;
  while (at < text.length) {
    let end = at + 1;
    switch (text.charCodeAt(at)) {
      case SPACE:
      case LINE_FEED:
      case CARRIAGE_RETURN:
      case TAB:
      case COMMA:
      case COLON:
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET: {
        const inner: Container = text.charCodeAt(at) === OPEN_BRACE ? {} : [];
        add(inner);
        outer.push(container);
        container = inner;
        break;
      }
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        container = outer.pop();
        break;
      case QUOTE: {
        end = endOfString(text, at);
        const string = readString(text.slice(at, end));
        if (key === undefined && container !== undefined && !Array.isArray(container)) key = string;
        else add(string);
        break;
      }
      default: {
        LITERAL.lastIndex = at;
        const literal = LITERAL.exec(text)?.[0] ?? '';
        end = at + literal.length;
        add(isRounded(literal) ? new LongNumber(literal) : JSON.parse(literal));
      }
    }
    at = end;
  }
  return root;
}

/** A number, `true`, `false` or `null`. */
const LITERAL = /[^\s,\]}]+/y;

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function readString(literal: string): string {
  return literal.includes('\\') ? JSON.parse(literal) : literal.slice(1, -1);
}

/** A key is data, whatever its name. Source: ECMA-262, `InternalizeJSONProperty`, which creates data properties. */
function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const POINT = 0x2e;
const SPACE = 0x20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const TAB = 0x09;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
