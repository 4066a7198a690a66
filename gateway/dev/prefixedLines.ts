import { StringDecoder } from 'node:string_decoder';

const maxLineLength = 16_384;
/** Cyan, yellow, magenta, green, blue, red: told apart on dark and on light terminals. */
const colours = [36, 33, 35, 32, 34, 31] as const;

/**
 * Prefixes by process name: `accounts  │ `, each in a colour of its own if asked. They are as wide as the longest name that
 * was added so far, and never narrower again: a column that jumps is hard to read.
 */
export class LinePrefixes {
  readonly #names: string[] = [];
  readonly #coloured: boolean;

  constructor(coloured: boolean) {
    this.#coloured = coloured;
  }

  add(name: string): void {
    if (!this.#names.includes(name)) this.#names.push(name);
  }

  of(name: string): string {
    const text = `${name.padEnd(Math.max(...this.#names.map(({ length }) => length)))} │`;
    const colour = colours[this.#names.indexOf(name) % colours.length];
    return this.#coloured ? `\u001b[${colour}m${text}\u001b[0m ` : `${text} `;
  }
}

/** Whether lines are coloured: on a terminal, unless `NO_COLOR` is set (https://no-color.org). */
export function wantsColour(stream: NodeJS.WritableStream, env: NodeJS.ProcessEnv): boolean {
  return 'isTTY' in stream && stream.isTTY === true && !env.NO_COLOR;
}

/**
 * Cuts the bytes of a process into lines and hands on whole ones only, so that lines of several processes never mix.
 * A character may be split over chunks; a line ends with LF or CRLF; one beyond 16 384 characters loses its end.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #emit: (line: string) => void;
  #pending = '';
  #isCut = false;

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  write(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** Hands on a last line that has no line break. */
  end(): void {
    this.#take(this.#decoder.end());
    if (this.#pending !== '' || this.#isCut) this.#finish('');
  }

  #take(text: string): void {
    const parts = text.split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) this.#finish(part);
    this.#keep(last);
  }

  #keep(text: string): void {
    const room = maxLineLength - this.#pending.length;
    if (text.length > room) this.#isCut = true;
    this.#pending += text.slice(0, room);
  }

  #finish(text: string): void {
    this.#keep(text);
    const line = this.#pending.replace(/\r$/, '');
    this.#emit(this.#isCut ? `${line} … (the line goes on)` : line);
    this.#pending = '';
    this.#isCut = false;
  }
}
