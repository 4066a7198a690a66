import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import { GatewayError } from './errors.ts';
import { listSettings, type ParsedSettings, type Settings, settingsSchema } from './settingsSchema.ts';
import { type ConfigKey, type ConfigProblem, printConfigProblem } from './supergraph/config/configProblem.ts';
import { expandConfigText } from './supergraph/config/expandConfig.ts';
import { parseConfigText } from './supergraph/config/parseConfigText.ts';

export interface ReadSettingsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** `--settings FILE`; without it `gateway.yaml` in `cwd` is read where it exists. */
  readonly file?: string;
  /** What flags of the command say, by key: `{ 'listen.port': 4100 }`. They win over the environment and the file. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** Environment variables that are read as numbers where they look like one. */
const NUMBERS: ReadonlySet<string> = new Set(['PORT', 'TRIBUTARY_WORKERS']);
const MAX_SETTINGS_BYTES = 1_000_000;

/**
 * Reads `gateway.yaml`, expands `${env.…}` and `${file.…}` in it, lays the environment and flags over it, and checks all.
 *
 * @throws GatewayError SETTINGS_INVALID that names the key of every wrong or unknown setting
 */
export function readSettings(options: ReadSettingsOptions): Settings {
  const file = path.resolve(options.cwd, options.file ?? 'gateway.yaml');
  const text = readText(file, options.file !== undefined);
  const { values, written } =
    text === undefined ? { values: {}, written: {} } : parse(text, file, options.env);
  const overridden = new Map<string, string>();
  for (const { key, notes } of listSettings()) {
    const value = notes.env === undefined ? undefined : options.env[notes.env];
    if (value === undefined || value === '') continue;
    put(values, key, /^\d+$/.test(value) && NUMBERS.has(notes.env ?? '') ? Number(value) : value);
    overridden.set(key, notes.env ?? '');
  }
  for (const [key, value] of Object.entries(options.flags ?? {})) {
    if (value === undefined) continue;
    put(values, key, value);
    overridden.delete(key);
  }
  const result = parseSettings(values, written);
  if (!result.success) {
    const problems = result.error.issues
      .flatMap((issue) => problemsOf(issue))
      .map(({ key, message }) => {
        const variable = overridden.get(key.join('.'));
        return variable === undefined ? { key, message } : { key: [variable], message };
      });
    throw invalid(text === undefined ? 'The settings' : file, problems);
  }
  return freeze(withEnvironmentDefaults(result.data, options.env, text === undefined ? undefined : file));
}

function readText(file: string, isNamed: boolean): string | undefined {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MAX_SETTINGS_BYTES) throw new Error(`it is larger than ${MAX_SETTINGS_BYTES} bytes`);
    return bytes.toString('utf8');
  } catch (cause) {
    if (!isNamed && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('SETTINGS_INVALID', {
      message: `The settings file ${file} could not be read: ${reason}`,
      cause,
    });
  }
}

interface ParsedFile {
  readonly values: Record<string, unknown>;
  /** The same before expansion. */
  readonly written: unknown;
}

function parse(text: string, file: string, env: ReadSettingsOptions['env']): ParsedFile {
  // an empty file, or one of comments only, is a file without settings
  if (text.replaceAll(/^\s*#.*$/gm, '').trim() === '') return { values: {}, written: {} };
  const { expanded, problems } = expandConfigText(text, { path: file, env });
  if (problems.length > 0) throw invalid(file, problems);
  if (typeof expanded !== 'object' || expanded === null || Array.isArray(expanded)) {
    throw invalid(file, [{ key: [], message: 'expected a map of settings' }]);
  }
  return { values: { ...expanded }, written: parseConfigText(text).value };
}

/** An expansion gives text; where a number or a boolean is wanted, `port: ${env.X:-4000}` is read as one. */
function parseSettings(
  values: Record<string, unknown>,
  written: unknown,
): ReturnType<typeof settingsSchema.safeParse> {
  const result = settingsSchema.safeParse(values);
  let hasChanged = false;
  for (const issue of result.error?.issues ?? []) {
    // a setting that may be a boolean or a word is a union
    const isUnion = issue.code === 'invalid_union';
    if (!(isUnion || issue.code === 'invalid_type') || !/\$\{/.test(String(at(written, issue.path))))
      continue;
    const text = String(at(values, issue.path));
    if ((isUnion || issue.expected === 'boolean') && /^(true|false)$/.test(text))
      put(values, issue.path.join('.'), text === 'true');
    else if (!isUnion && /^(int|number)$/.test(issue.expected) && /^\d+$/.test(text))
      put(values, issue.path.join('.'), Number(text));
    else continue;
    hasChanged = true;
  }
  return hasChanged ? settingsSchema.safeParse(values) : result;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, step) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, step) : undefined),
    value,
  );
}

/** Sets `a.b.c`, copying the maps on the way; what is no map is left for the schema to refuse. */
function put(values: Record<string, unknown>, key: string, value: unknown): void {
  const steps = key.split('.');
  const last = steps.pop() ?? '';
  let target = values;
  for (const step of steps) {
    const inner = target[step] ?? {};
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return;
    target = target[step] = { ...inner } as Record<string, unknown>;
  }
  target[last] = value;
}

function problemsOf(issue: z.core.$ZodIssue): ConfigProblem[] {
  const key = issue.path.filter((step) => typeof step !== 'symbol') as ConfigKey;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => ({ key: [...key, name], message: 'is not a setting' }));
  }
  return [{ key, message: issue.message }];
}

function invalid(source: string, problems: readonly ConfigProblem[]): GatewayError {
  const lines = problems.map(printConfigProblem);
  const text = lines.length === 1 ? ` ${lines[0]}` : lines.map((line) => `\n  ${line}`).join('');
  return new GatewayError('SETTINGS_INVALID', { message: `${source} cannot be used:${text}` });
}

function withEnvironmentDefaults(
  parsed: ParsedSettings,
  env: ReadSettingsOptions['env'],
  file: string | undefined,
): Settings {
  const production = env.NODE_ENV === 'production';
  const unlessProduction = (value: boolean | undefined): boolean => value ?? !production;
  return {
    ...parsed,
    production,
    path: file,
    introspection: introspectionOf(parsed.introspection ?? !production),
    expose_query_plan: unlessProduction(parsed.expose_query_plan),
    explorer: {
      ...parsed.explorer,
      sandbox: unlessProduction(parsed.explorer.sandbox),
      graphiql: unlessProduction(parsed.explorer.graphiql),
    },
    include_subgraph_errors: {
      ...parsed.include_subgraph_errors,
      all: parsed.include_subgraph_errors.all ?? !production,
    },
    log: { ...parsed.log, format: parsed.log.format ?? (production ? 'json' : 'pretty') },
  };
}

function introspectionOf(value: NonNullable<ParsedSettings['introspection']>): Settings['introspection'] {
  if (typeof value === 'string') return value;
  return value ? 'all' : 'off';
}

function freeze<Value>(value: Value): Value {
  // a compiled pattern of a header rule keeps its own state; it is no map of settings
  if (typeof value === 'object' && value !== null && !(value instanceof RegExp)) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}
