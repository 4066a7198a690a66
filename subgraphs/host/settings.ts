import path from 'node:path';
import { z } from 'zod';
import { announcedHost, type Registry, readRegistry } from './registration.ts';

/** Where a subgraph keeps its rows: a file beside the process, or a server. */
export type DatabaseLocation =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

/** What every subgraph reads from its environment. */
export interface SubgraphSettings {
  readonly host: string;
  readonly port: number;
  readonly database: DatabaseLocation;
  readonly logLevel: string;
  /** `json`: a line a record, for collectors. `pretty`: for people. */
  readonly logFormat: 'json' | 'pretty';
  /** Whether an empty database is filled with the example rows. */
  readonly seed: boolean;
  readonly production: boolean;
  /** Where the instance registers itself; `undefined`: nowhere. */
  readonly registration: RegistrationSettings | undefined;
}

export interface RegistrationSettings {
  readonly registry: Registry;
  /** Address that gateways reach it at. */
  readonly host: string;
  readonly zone: string | undefined;
  /** It serves on for so long after it is out of the registry, until all who ask it have heard. */
  readonly drainMs: number;
}

/** An environment variable that cannot be used; the message is one sentence that names it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads environment variables by a zod shape whose keys are their names. An empty variable counts as unset, which is
 * what `docker compose` makes of `${UNSET}`.
 *
 * @throws SettingsError for the first variable that does not fit
 */
export function readEnvironment<Shape extends z.ZodRawShape>(
  shape: Shape,
  environment: NodeJS.ProcessEnv,
): z.infer<z.ZodObject<Shape>> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = z.object(shape).safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const name = String(issue?.path[0] ?? 'environment');
  // URLs may hold a password, and a secret is one, so their values are not repeated
  const value = /^DATABASE_URL$|^REGISTER$|SECRET/.test(name) ? '' : `, not "${given[name] ?? ''}"`;
  throw new SettingsError(`The environment variable ${name} must be ${issue?.message ?? 'valid'}${value}.`);
}

const flag = z.enum(['true', 'false'], { error: '"true" or "false"' }).transform((text) => text === 'true');

const registryWords =
  'where to register, such as consul://127.0.0.1:8500, eureka://127.0.0.1:8761/eureka or zookeeper://zk1:2181,zk2:2181/services';
const drainWords = 'a number of milliseconds up to 60000';

const shape = {
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce
    .number({ error: 'a port number from 0 to 65535' })
    .int('a port number from 0 to 65535')
    .min(0, 'a port number from 0 to 65535')
    .max(65_535, 'a port number from 0 to 65535')
    .optional(),
  DATABASE_URL: z
    .string()
    .regex(
      /^(postgres|postgresql):\/\/.+|^file:[^?]+$/,
      'a postgres://, postgresql:// or file: URL without options',
    )
    .optional(),
  DATA_DIR: z.string().default('.tributary/databases'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'one of trace, debug, info, warn, error, fatal, silent',
    })
    .default('info'),
  LOG_FORMAT: z.enum(['json', 'pretty'], { error: '"json" or "pretty"' }).default('json'),
  NODE_ENV: z.string().default('development'),
  SEED: flag.optional(),
  REGISTER: z
    .string()
    .refine((text) => readRegistry(text, undefined) !== undefined, registryWords)
    .optional(),
  REGISTER_AS: z.string().optional(),
  REGISTER_DRAIN_MS: z.coerce
    .number({ error: drainWords })
    .int(drainWords)
    .min(0, drainWords)
    .max(60_000, drainWords)
    .default(1_000),
  ZONE: z.string().optional(),
  CONSUL_HTTP_TOKEN: z.string().optional(),
};

/**
 * Reads the settings that all subgraphs share.
 *
 * @param defaults the subgraph's name, which names its SQLite file, and the port it takes when `PORT` is not set
 * @throws SettingsError for a variable that cannot be used
 */
export function readSettings(
  defaults: { readonly name: string; readonly port: number },
  environment: NodeJS.ProcessEnv,
): SubgraphSettings {
  const read = readEnvironment(shape, environment);
  const production = read.NODE_ENV === 'production';
  return {
    host: read.HOST,
    port: read.PORT ?? defaults.port,
    database: read.DATABASE_URL
      ? readDatabaseUrl(read.DATABASE_URL)
      : { kind: 'sqlite', file: path.resolve(read.DATA_DIR, `${defaults.name}.sqlite`) },
    logLevel: read.LOG_LEVEL,
    logFormat: read.LOG_FORMAT,
    seed: read.SEED ?? !production,
    production,
    registration: readRegistration(read),
  };
}

function readRegistration({
  HOST,
  REGISTER,
  REGISTER_AS,
  REGISTER_DRAIN_MS,
  ZONE,
  CONSUL_HTTP_TOKEN,
}: z.infer<z.ZodObject<typeof shape>>): RegistrationSettings | undefined {
  const registry = REGISTER === undefined ? undefined : readRegistry(REGISTER, CONSUL_HTTP_TOKEN);
  if (registry === undefined) return undefined;
  return { registry, host: REGISTER_AS ?? announcedHost(HOST), zone: ZONE, drainMs: REGISTER_DRAIN_MS };
}

function readDatabaseUrl(url: string): DatabaseLocation {
  if (!url.startsWith('file:')) return { kind: 'postgres', url };
  const file = url.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
  return { kind: 'sqlite', file: file === ':memory:' ? file : path.resolve(file) };
}
