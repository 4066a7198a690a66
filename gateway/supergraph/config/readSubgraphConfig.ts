import { dirname, resolve } from 'node:path';
import { discoveryBackendFor, discoveryBackends } from '../discoveryBackends.ts';
import type { ConfigKey, ConfigProblem } from './configProblem.ts';

/** One subgraph of a supergraph.yaml, complete. */
export interface SubgraphConfig {
  readonly name: string;
  /** http(s), or of a discovery backend (`consul://reviews`), as written. */
  readonly routingUrl: string;
  readonly schema: SchemaSource;
}

/** Where the SDL of a subgraph comes from. */
export type SchemaSource =
  | {
      readonly kind: 'file';
      /** Absolute: resolved against the folder of the configuration file. */
      readonly path: string;
    }
  | {
      readonly kind: 'subgraph_url';
      /** http(s), or of a discovery backend, as written. */
      readonly url: string;
      /** Sent with the request for the SDL only; names as written. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'sdl'; readonly sdl: string };

type Fields = Readonly<Record<string, unknown>>;

export interface SubgraphReader {
  /** The configuration file. */
  readonly path: string;
  readonly report: (problem: ConfigProblem) => void;
}

/** Returns the value as a map, or reports what stands in its place. `null` counts as a missing map. */
export function readMap(value: unknown, key: ConfigKey, { report }: SubgraphReader): Fields | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const fields = value as Fields;
    if (Object.hasOwn(fields, '<<')) {
      const message =
        'merge keys are not applied, by Rover neither: write the keys out, or use an alias for a whole value';
      report({ key: [...key, '<<'], message });
    }
    return fields;
  }
  report({ key, message: `expected a map, found ${describe(value)}` });
  return undefined;
}

/** An own property: a map of the file has no inherited ones. */
export function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? (fields[name] ?? undefined) : undefined;
}

/**
 * Reads one entry of `subgraphs`, reporting every problem it has.
 *
 * The shapes of `schema` are untagged: the first of `file`, `subgraph_url`, `graphref` and `sdl` that is there and is a
 * string decides, and keys of the others are ignored, like all unknown ones.
 * Source: federation-rs, `apollo-federation-types/src/config/subgraph.rs`.
 */
export function readSubgraphConfig(
  name: string,
  value: unknown,
  reader: SubgraphReader,
): SubgraphConfig | undefined {
  const key = ['subgraphs', name];
  const nameProblem = findNameProblem(name);
  if (nameProblem !== undefined) reader.report({ key, message: nameProblem });
  const fields = readMap(value, key, reader);
  if (fields === undefined) return undefined;

  const schema = readSchemaSource(field(fields, 'schema'), [...key, 'schema'], reader);
  const routingKey = [...key, 'routing_url'];
  const written = field(fields, 'routing_url');
  if (written !== undefined && written !== '') {
    const routingUrl = readUrl(written, routingKey, reader);
    return routingUrl === undefined || schema === undefined ? undefined : { name, routingUrl, schema };
  }
  if (schema === undefined) return undefined;
  if (schema.kind === 'subgraph_url') return { name, routingUrl: schema.url, schema };
  reader.report({ key: routingKey, message: `Subgraph \`${name}\` is missing a routing url` });
  return undefined;
}

/**
 * The names that composition refuses, said where the user can see them: it makes an enum value of each (`a-b` becomes
 * `A_B`), and GraphQL reserves names that begin with two underscores.
 * Source: @apollo/federation-internals, `joinSpec.ts` (`sanitizeGraphQLName`) and `federation.ts` (`_` is reserved).
 */
function findNameProblem(name: string): string | undefined {
  if (name === '') return 'a subgraph needs a name';
  if (name === '_') return 'the name `_` is reserved by federation';
  if (/\p{Cc}/u.test(name)) return 'a name must not contain control characters';
  if (name.replace(/[^a-zA-Z0-9_]/g, '_').startsWith('__')) {
    return 'composition refuses this name, because it makes a GraphQL name of it that begins with `__`';
  }
  return undefined;
}

function readSchemaSource(value: unknown, key: ConfigKey, reader: SubgraphReader): SchemaSource | undefined {
  const { report } = reader;
  if (value === undefined) {
    report({ key, message: 'missing; write `file`, `subgraph_url` or `sdl` under it' });
    return undefined;
  }
  const fields = readMap(value, key, reader);
  if (fields === undefined) return undefined;
  const [file, url, graphref, sdl] = ['file', 'subgraph_url', 'graphref', 'sdl'].map((name) =>
    field(fields, name),
  );

  if (typeof file === 'string') {
    if (file !== '') return { kind: 'file', path: resolve(dirname(resolve(reader.path)), file) };
    report({ key: [...key, 'file'], message: 'expected the path of a file, found an empty string' });
    return undefined;
  }
  if (typeof url === 'string') {
    const read = readUrl(url, [...key, 'subgraph_url'], reader);
    const headers = readHeaders(
      field(fields, 'introspection_headers'),
      [...key, 'introspection_headers'],
      reader,
    );
    return read === undefined || headers === undefined
      ? undefined
      : { kind: 'subgraph_url', url: read, headers };
  }
  if (typeof graphref === 'string') {
    report({ key: [...key, 'graphref'], message: refuseGraphref(graphref, field(fields, 'subgraph')) });
    return undefined;
  }
  if (typeof sdl === 'string') return { kind: 'sdl', sdl };

  const present = ['file', 'subgraph_url', 'graphref', 'sdl'].find(
    (name) => field(fields, name) !== undefined,
  );
  if (present === undefined)
    report({ key, message: 'expected one of the keys `file`, `subgraph_url` and `sdl`' });
  else {
    report({
      key: [...key, present],
      message: `expected a string, found ${describe(field(fields, present))}`,
    });
  }
  return undefined;
}

function refuseGraphref(graphref: string, subgraph: unknown): string {
  const name = typeof subgraph === 'string' ? subgraph : '<name>';
  return (
    'schemas of a hosted registry are not read: use `subgraph_url` with the address of the running subgraph, or ' +
    `\`file\` with what \`rover subgraph fetch ${graphref} --name ${name}\` prints`
  );
}

function readUrl(value: unknown, key: ConfigKey, { report }: SubgraphReader): string | undefined {
  if (typeof value !== 'string') {
    report({ key, message: `expected a URL, found ${describe(value)}` });
    return undefined;
  }
  const backend = discoveryBackendFor(value);
  if (backend !== undefined) {
    const problem = /[\p{Cc}]/u.test(value) ? 'holds a line break' : backend.findProblem(value);
    if (problem === undefined) return value;
    report({ key, message: `"${value}" ${problem}` });
    return undefined;
  }
  // The URL parser drops line breaks and blanks silently: a file expansion would smuggle in its last newline.
  const parsed = /[\s\p{Cc}]/u.test(value) || !URL.canParse(value) ? undefined : new URL(value);
  if (parsed === undefined) {
    report({
      key,
      message: `expected a URL such as http://127.0.0.1:4001/graphql, found ${JSON.stringify(value)}`,
    });
    return undefined;
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    const scheme = parsed.protocol.slice(0, -1);
    report({
      key,
      message: `subgraphs are called over http or https, or found by ${schemes()}; the scheme of "${value}" is ${scheme}`,
    });
    return undefined;
  }
  return value;
}

function schemes(): string {
  const names = discoveryBackends.map(({ scheme }) => scheme);
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function readHeaders(
  value: unknown,
  key: ConfigKey,
  reader: SubgraphReader,
): Record<string, string> | undefined {
  if (value === undefined) return {};
  const fields = readMap(value, key, reader);
  if (fields === undefined) return undefined;
  let isValid = true;
  const refuse = (name: string, message: string): void => {
    isValid = false;
    reader.report({ key: [...key, name], message });
  };
  // Values are not repeated in messages: they are credentials.
  for (const [name, header] of Object.entries(fields)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) refuse(name, 'is not the name of an HTTP header');
    else if (typeof header !== 'string') refuse(name, `expected a string, found ${describe(header)}`);
    else if (/[\r\n]/.test(header)) {
      refuse(name, 'a header must not contain a line break; the last one of an expanded file counts');
    } else if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(header))
      refuse(name, 'holds characters that a header cannot carry');
  }
  return isValid ? (Object.fromEntries(Object.entries(fields)) as Record<string, string>) : undefined;
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? 'a string' : `the ${typeof value} ${String(value)}`;
}
