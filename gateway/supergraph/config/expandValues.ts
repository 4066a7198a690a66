// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax that the file reads
import type { ConfigKey, ConfigProblem } from './configProblem.ts';

/** What expansions read from. */
export interface ExpansionSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * The bytes of the file of a `${file.…}`, its path as written; `undefined` if there is none.
   * What it throws becomes a problem of the value.
   */
  readonly readFile: (path: string) => Uint8Array | undefined;
}

/** A copy of the value in which each string is expanded; a string with a problem stays as it was. */
export interface ExpandedValues {
  readonly expanded: unknown;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Expands `${env.NAME}`, `${env.NAME:-default}`, `${file.path}` and `${file.path:-default}` in all strings of maps and
 * lists, never in keys, and never in what an expansion gave.
 *
 * Source: rover, `src/utils/expansion.rs`, which calls `env_with_context` of the Rust crate shellexpand; hence also
 * `$$` for a plain `$`, and `$NAME`, which is refused as an unknown key. A default stands in for whatever goes wrong, an
 * unknown key included; a file that is not there and has no default leaves the text as it is.
 *
 * @param value plain data without cycles, as a YAML or JSON parser gives it
 */
export function expandValues(value: unknown, sources: ExpansionSources): ExpandedValues {
  const problems: ConfigProblem[] = [];
  const expand = (current: unknown, key: ConfigKey): unknown => {
    if (typeof current === 'string') {
      try {
        return expandString(current, sources);
      } catch (error) {
        if (!(error instanceof ExpansionError)) throw error;
        problems.push({ key, message: error.message });
        return current;
      }
    }
    if (Array.isArray(current)) return current.map((item, index) => expand(item, [...key, index]));
    if (typeof current !== 'object' || current === null) return current;
    // fromEntries defines own properties: a key `__proto__` stays data.
    return Object.fromEntries(
      Object.entries(current).map(([name, item]) => [name, expand(item, [...key, name])]),
    );
  };
  return { expanded: expand(value, []), problems };
}

class ExpansionError extends Error {}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One value looked up: its text, `undefined` for a file that is not there, or why there is none. */
type Lookup = string | undefined | ExpansionError;

function expandString(text: string, sources: ExpansionSources): string {
  let result = '';
  let rest = text;
  for (;;) {
    const dollar = rest.indexOf('$');
    if (dollar === -1) return result + rest;
    result += rest.slice(0, dollar);
    rest = rest.slice(dollar);
    if (rest.startsWith('${')) {
      const end = rest.indexOf('}');
      // No brace closes after this one: the two characters are text, and what follows is still read.
      const whole = end === -1 ? '${' : rest.slice(0, end + 1);
      result += end === -1 ? whole : expandBraces(whole, sources);
      rest = rest.slice(whole.length);
    } else if (rest.startsWith('$$')) {
      result += '$';
      rest = rest.slice(2);
    } else {
      const bare = /^\$([\p{Alphabetic}\p{N}_]+)/u.exec(rest);
      if (bare !== null) {
        throw new ExpansionError(
          `Invalid variable expansion key: ${bare[1]}. Write $\{env.${bare[1]}} for an environment variable, or $$ for a plain $`,
        );
      }
      result += '$';
      rest = rest.slice(1);
    }
  }
}

/** @param whole `${key}` or `${key:-default}` */
function expandBraces(whole: string, sources: ExpansionSources): string {
  const inner = whole.slice(2, -1);
  const split = inner.indexOf(':-');
  const [key, fallback] = split > 0 ? [inner.slice(0, split), inner.slice(split + 2)] : [inner, undefined];
  const found = lookUp(key, sources);
  if (typeof found === 'string') return found;
  if (fallback !== undefined) return fallback;
  if (found === undefined) return whole;
  throw found;
}

function lookUp(key: string, { env, readFile }: ExpansionSources): Lookup {
  if (key.startsWith('env.')) {
    const name = key.slice('env.'.length);
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    return (
      value ??
      new ExpansionError(
        `While reading env var ${name} for variable expansion: environment variable not found. Set the ${name} environment variable`,
      )
    );
  }
  if (!key.startsWith('file.')) {
    return new ExpansionError(
      `Invalid variable expansion key: ${key}. Use $\{env.NAME} or $\{file.path}, or $$ for a plain $`,
    );
  }
  const path = key.slice('file.'.length);
  const refuse = (reason: string): ExpansionError =>
    new ExpansionError(`Could not read the file "${path}" for variable expansion: ${reason}`);
  let bytes: Uint8Array | undefined;
  try {
    bytes = readFile(path);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  try {
    return bytes === undefined ? undefined : utf8.decode(bytes);
  } catch {
    return refuse('it is not valid UTF-8');
  }
}
