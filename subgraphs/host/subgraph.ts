import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import path from 'node:path';
import type { ApolloServerPlugin } from '@apollo/server';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import type { FastifyInstance } from 'fastify';
import { type GraphQLSchema, parse } from 'graphql';
import { type Kysely, type LogEvent, sql, type Transaction } from 'kysely';
import type { Logger } from 'pino';
import { openDatabase } from './database.ts';
import { type Migrations, migrate, seedOnce } from './migrate.ts';
import { applyPermissions, type Permissions } from './permissions.ts';
import { type Principal, principalReader, type ReadPrincipal, readPrincipalSecrets } from './principal.ts';
import type { SubgraphSettings } from './settings.ts';

/** What makes a subgraph: its schema stands in `schema.graphql` of its folder, the rest here. */
export interface SubgraphDefinition<Tables, Context extends object> {
  readonly name: string;
  /** The port it takes when `PORT` is not set. */
  readonly port: number;
  readonly folder: string;
  readonly migrations: Migrations;
  /** `null`: `open` brings the schema, which may change while the subgraph runs. */
  readonly resolvers: GraphQLResolverMap<Context> | null;
  /** Who may see what; what no rule names is denied. `null`: the schema that `open` brings has rules of its own. */
  readonly permissions: Permissions | null;
  /** Writes the example rows into an empty database. */
  seed(transaction: Transaction<Tables>): Promise<void>;
  /** Called once, when the tables exist and before the first request. */
  open(parts: OpenParts<Tables>): Promise<OpenedParts<Context>>;
}

export interface OpenParts<Tables> {
  readonly db: Kysely<Tables>;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Logger;
  /** For routes beside `/graphql`. It throws what `OpenedSubgraph.context` throws. */
  readonly readPrincipal: ReadPrincipal;
}

export interface OpenedParts<Context extends object> {
  /**
   * Makes the context of one request, with loaders that live as long as the request.
   *
   * @param signal aborted when the client has gone before it was answered
   */
  context(principal: Principal, signal: AbortSignal): Context;
  /** For a definition without resolvers. */
  readonly liveSchema?: LiveSchema;
  /** Plugins of Apollo Server beside the host's own. */
  readonly plugins?: readonly ApolloServerPlugin<Context>[];
  /** Adds HTTP routes beside `/graphql` and `/health`. */
  routes?(app: FastifyInstance): void;
  /** Ends timers and the like, before the database is closed. */
  stop?(): Promise<void> | void;
}

/** A schema that may be replaced while it is served. */
export interface LiveSchema {
  current(): GraphQLSchema;
  /** Called with each schema that takes the place of the one before. */
  onChange(listener: (schema: GraphQLSchema) => void): void;
}

/** A subgraph ready to answer, without a server. */
export interface OpenedSubgraph<Tables, Context extends object>
  extends Omit<OpenedParts<Context>, 'context'> {
  /**
   * Makes the context of one request.
   * @throws SubgraphError UNAUTHENTICATED for a principal header that is not valid
   */
  context(headers: IncomingHttpHeaders, signal: AbortSignal): Context;
  /** The one in force. */
  readonly schema: GraphQLSchema;
  readonly db: Kysely<Tables>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly settings: SubgraphSettings;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Logger;
  readonly onStatement?: (event: LogEvent) => void;
}

/**
 * Opens the database, migrates and seeds it, and builds the schema.
 *
 * @throws SettingsError for a variable of the subgraph's own; what the database throws when it cannot be used
 */
export async function openSubgraph<Tables, Context extends object>(
  definition: SubgraphDefinition<Tables, Context>,
  options: OpenOptions,
): Promise<OpenedSubgraph<Tables, Context>> {
  const { settings, environment, log, onStatement } = options;
  const fixedSchema = definition.resolvers === null ? null : readSchema(definition);
  const secrets = readPrincipalSecrets(environment);
  if (secrets.length === 0) log.info('PRINCIPAL_SECRET is not set: every caller is anonymous');
  const readPrincipal = principalReader({ audience: definition.name, secrets });
  const db = openDatabase<Tables>(settings.database, {
    ...(onStatement ? { onStatement } : {}),
    onConnectionError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  });
  try {
    await migrate(db, definition.migrations);
    if (settings.seed && (await seedOnce(db, definition.seed))) log.info('example rows written');
    const parts = await definition.open({ db, environment, log, readPrincipal });
    return {
      ...parts,
      context: (headers, signal) => parts.context(readPrincipal(headers), signal),
      get schema() {
        return fixedSchema ?? schemaOf(definition, parts);
      },
      db,
      async ping() {
        await sql`select 1`.execute(db);
      },
      async close() {
        await parts.stop?.();
        await db.destroy();
      },
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

function schemaOf<Tables, Context extends object>(
  { name }: SubgraphDefinition<Tables, Context>,
  { liveSchema }: OpenedParts<Context>,
): GraphQLSchema {
  if (liveSchema === undefined) throw new Error(`${name} has neither resolvers nor a schema of its own`);
  return liveSchema.current();
}

/** The executable schema of a subgraph: its SDL with its resolvers behind its permissions, `_service` and `_entities`. */
export function readSchema<Tables, Context extends object>(
  definition: SubgraphDefinition<Tables, Context>,
): GraphQLSchema {
  const typeDefs = parse(readFileSync(path.join(definition.folder, 'schema.graphql'), 'utf8'));
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: definition.resolvers ?? {} }]);
  if (definition.permissions !== null) applyPermissions(schema, definition.permissions);
  return schema;
}
