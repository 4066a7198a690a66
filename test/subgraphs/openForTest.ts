import { graphql } from 'graphql';
import type { Kysely } from 'kysely';
import { pino } from 'pino';
import { readSettings } from '../../subgraphs/host/settings.ts';
import { openSubgraph, type SubgraphDefinition } from '../../subgraphs/host/subgraph.ts';
import { type PrincipalFacts, principalHeaders, principalSecret } from './principalHeaders.ts';

/** A subgraph opened in this process, without a server. */
export interface TestSubgraph<Tables> {
  readonly db: Kysely<Tables>;
  /** Runs an operation as one request; the answer as plain JSON values. */
  ask(source: string, options?: AskOptions): Promise<Answer>;
  /** The SQL statements that an operation runs. */
  statementsOf(source: string, options?: AskOptions): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Who asks, as the gateway would say; without it nobody in particular. */
  readonly principal?: PrincipalFacts;
}

export interface Answer {
  readonly data: Data;
  /** The codes of the errors, in order. */
  readonly codes: readonly unknown[];
  readonly messages: readonly string[];
}

/** What an answer holds: tests read it by path and compare it. */
export type Data = Record<string, unknown> | null;

/** Makes the URL of a new database: `file::memory:`, or one of a test server. */
export type CreateDatabase = () => Promise<string>;

export const inMemory: CreateDatabase = async () => 'file::memory:';

/** Opens a subgraph over a new database with the example rows. */
export async function openForTest<Tables, Context extends object>(
  definition: SubgraphDefinition<Tables, Context>,
  createDatabase: CreateDatabase = inMemory,
  environment: Readonly<Record<string, string>> = {},
): Promise<TestSubgraph<Tables>> {
  let statements: string[] = [];
  const opened = await openSubgraph(definition, {
    settings: readSettings(definition, { ...environment, DATABASE_URL: await createDatabase() }),
    environment: { ...environment, PRINCIPAL_SECRET: principalSecret },
    log: pino({ level: 'silent' }),
    onStatement: (event) => statements.push(event.query.sql),
  });
  const ask = async (source: string, options: AskOptions = {}): Promise<Answer> => {
    const { principal, variables } = options;
    const result = await graphql({
      schema: opened.schema,
      source,
      contextValue: opened.context(
        principal === undefined ? {} : principalHeaders({ aud: definition.name, ...principal }),
        new AbortController().signal,
      ),
      ...(variables ? { variableValues: variables } : {}),
    });
    // dates and the like become what a client reads, and objects without a prototype plain ones
    const { data = null } = JSON.parse(JSON.stringify(result)) as { data?: Data };
    const errors = result.errors ?? [];
    return {
      data,
      codes: errors.map((error) => error.extensions.code),
      messages: errors.map((error) => error.message),
    };
  };
  return {
    db: opened.db,
    ask,
    async statementsOf(source, options) {
      statements = [];
      const { messages } = await ask(source, options);
      if (messages.length > 0) throw new Error(messages.join('\n'));
      return statements;
    },
    close: opened.close,
  };
}

/** Asks `_entities` the way a gateway does. */
export function entitiesOf(selection: string): string {
  return `query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename ${selection} } }`;
}
