/**
 * Writes JSON as UTF-8 into one buffer that grows and is used again for the next answer. Concatenated strings cost an object for
 * each piece, are flattened at the end, measured for `content-length` and encoded once more by the socket: all of that together
 * was a third of what a request of the bench operation left to the garbage collector.
 */
export class JsonWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Takes back what was written after `length`. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Writes one ASCII character. */
  character(code: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = code;
  }

  /** Writes bytes that are valid UTF-8: labels, literals. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    const target = this.#bytes;
    let at = this.#length;
    // a call of `set` costs more than the few bytes that most labels have
    if (length > LOOP_LENGTH) target.set(bytes, at);
    else for (let i = 0; i < length; i += 1) target[at + i] = bytes[i] as number;
    at += length;
    this.#length = at;
  }

  /** Writes text that is JSON already. */
  text(text: string): void {
    this.#reserve(text.length * MAX_BYTES_A_UNIT);
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  /** Writes a string with its quotes, and what JSON escapes escaped. */
  string(text: string): void {
    const { length } = text;
    this.#reserve(length * MAX_BYTES_A_UNIT + 2);
    const target = this.#bytes;
    let at = this.#length;
    target[at++] = QUOTE;
    if (length <= LOOP_LENGTH) {
      for (let i = 0; i < length; i += 1) {
        const code = text.charCodeAt(i);
        if (code < 0x20 || code === QUOTE || code === BACKSLASH || code > 0x7e) {
          this.#longString(text);
          return;
        }
        target[at++] = code;
      }
      target[at++] = QUOTE;
      this.#length = at;
    } else this.#longString(text);
  }

  /** Writes a number that is finite. */
  number(value: number): void {
    if ((value | 0) !== value || value < 0) {
      this.#digits(String(value));
      return;
    }
    this.#reserve(10);
    let digits = 1;
    for (let power = 10; digits < 10 && value >= power; power *= 10) digits += 1;
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at -= 1) {
      const next = (rest / 10) | 0;
      this.#bytes[at] = 48 + rest - next * 10;
      rest = next;
    }
    this.#length += digits;
  }

  /** Writes again what stands between two places. */
  repeat(start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.copyWithin(this.#length, start, end);
    this.#length += end - start;
  }

  /** What was written, copied out; the writer begins anew. A large buffer is not kept. */
  take(): Buffer {
    const taken = Buffer.allocUnsafe(this.#length);
    this.#bytes.copy(taken, 0, 0, this.#length);
    this.clear();
    return taken;
  }

  /** Begins anew. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  /** Writes the text of a number: too short for a call into the runtime. */
  #digits(text: string): void {
    const { length } = text;
    this.#reserve(length);
    const target = this.#bytes;
    const at = this.#length;
    for (let i = 0; i < length; i += 1) target[at + i] = text.charCodeAt(i);
    this.#length = at + length;
  }

  #longString(text: string): void {
    const start = this.#length;
    if (NEEDS_ESCAPE.test(text)) {
      this.text(JSON.stringify(text));
      return;
    }
    const target = this.#bytes;
    target[start] = QUOTE;
    const end = start + 1 + target.write(text, start + 1, 'utf8');
    target[end] = QUOTE;
    this.#length = end + 1;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

const INITIAL_BYTES = 256 * 1024;
/** Memory that is new has to be mapped page by page: a few large answers in a row should not pay that each. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
/** Up to here a loop over the characters beats a call into the runtime (measured: 32 characters, 64 ns against 83). */
const LOOP_LENGTH = 32;
/** UTF-8 of one UTF-16 code unit. */
const MAX_BYTES_A_UNIT = 3;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/**
 * Control characters, `"`, `\`, and surrogates, of which a lone one is escaped.
 * Source: ECMA-262, QuoteJSONString.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;
