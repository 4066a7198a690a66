import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ExecutionResult, graphql } from 'graphql';
import { pino } from 'pino';
import { readAiSettings } from '../../../subgraphs/ai/aiSettings.ts';
import type { Caller } from '../../../subgraphs/ai/caller.ts';
import type { AiContext } from '../../../subgraphs/ai/context.ts';
import type { LocalEngine } from '../../../subgraphs/ai/local/contract.ts';
import { type MoneyTables, moneyTables } from '../../../subgraphs/ai/money/tables.ts';
import { openAi } from '../../../subgraphs/ai/openAi.ts';
import { serveSubgraph } from '../../../subgraphs/host/server.ts';
import { readSettings } from '../../../subgraphs/host/settings.ts';
import { type OpenedSubgraph, openSubgraph } from '../../../subgraphs/host/subgraph.ts';
import { principalHeaders, principalSecret } from '../principalHeaders.ts';
import { fakeLocal } from './fakeLocal.ts';

const source = path.resolve(import.meta.dirname, '../../../subgraphs/ai');

export interface AiOptions {
  /** The text of models.yaml; without one no provider is enabled. */
  readonly models?: string;
  /** Files of the folder of prompts; the shipped ones when nothing is said. */
  readonly prompts?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly local?: LocalEngine;
  readonly watch?: boolean;
}

/** The whole subgraph in this process, over a new database and files of its own. */
export interface TestAi {
  readonly opened: OpenedSubgraph<MoneyTables, AiContext>;
  readonly folder: string;
  /** Every line of the log, as it was written. */
  readonly log: string[];
  /** Who asks from now on. */
  caller: Caller;
  ask(query: string, variables?: Readonly<Record<string, unknown>>): Promise<ExecutionResult>;
  /** Asks `_entities` of one representation, as a gateway does. */
  entity(representation: object, selection: string): Promise<ExecutionResult>;
  write(name: string, text: string): void;
  /** Serves it on a free port; closed with the rest. */
  serve(): Promise<string>;
  close(): Promise<void>;
}

export const noProviders = `
providers: { none: { kind: openai, base_url: "http://127.0.0.1:9/v1", key_env: NO_KEY } }
aliases:
  default: { targets: [none/big] }
  fast: { targets: [none/small] }
  embedding: { kind: embedding, targets: [none/embed, local/universal-sentence-encoder-lite] }
`;

/** `default` and `fast` at a fake server, through the package of OpenAI. */
export function oneProvider(origin: string): string {
  return noProviders.replace('http://127.0.0.1:9/v1', `${origin}/v1`).replace('NO_KEY', 'FAKE_KEY');
}

export const withKey = { FAKE_KEY: 'sk-planted-key-4711' };

export async function openAiForTest(options: AiOptions = {}): Promise<TestAi> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tributary-ai-'));
  writeFileSync(path.join(folder, 'models.yaml'), options.models ?? noProviders);
  cpSync(path.join(source, 'prompts'), path.join(folder, 'prompts'), {
    recursive: true,
    filter: (file) => options.prompts === undefined || path.basename(file) === 'prompts',
  });
  for (const [name, text] of Object.entries(options.prompts ?? {})) {
    writeFileSync(path.join(folder, 'prompts', name), text);
  }
  const environment = {
    AI_MODELS_FILE: path.join(folder, 'models.yaml'),
    AI_PROMPTS_DIR: path.join(folder, 'prompts'),
    AI_WATCH: String(options.watch ?? false),
    DATABASE_URL: 'file::memory:',
    PORT: '0',
    PRINCIPAL_SECRET: principalSecret,
    ...options.environment,
  };
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const settings = readSettings({ name: 'ai', port: 0 }, environment);
  const test = { caller: { tenant: 'acme', scopes: [] } as Caller };
  const opened = await openSubgraph<MoneyTables, AiContext>(
    {
      name: 'ai',
      port: 0,
      folder: source,
      migrations: { '0001-money': moneyTables },
      resolvers: null,
      permissions: null,
      async seed() {},
      open: (parts) =>
        openAi(parts, {
          settings: readAiSettings(source, environment),
          local: options.local ?? fakeLocal(),
        }),
    },
    { settings, environment, log },
  );
  let server: { close(): Promise<void> } | null = null;
  const ask: TestAi['ask'] = async (query, variables = {}) => {
    const { tenant: id, scopes } = test.caller;
    const contextValue = opened.context(
      principalHeaders({ aud: 'ai', id, scopes }),
      new AbortController().signal,
    );
    const result = await graphql({
      schema: opened.schema,
      source: query,
      variableValues: variables,
      contextValue,
    });
    return JSON.parse(JSON.stringify(result)) as ExecutionResult;
  };
  return Object.assign(test, {
    opened,
    folder,
    log: lines,
    ask,
    entity: (representation: { __typename?: string }, selection: string) =>
      ask(
        `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${representation.__typename} { ${selection} } } }`,
        { representations: [representation] },
      ),
    write: (name: string, text: string) => writeFileSync(path.join(folder, name), text),
    async serve() {
      const running = await serveSubgraph(opened, settings, log);
      server = running;
      return `http://127.0.0.1:${running.port}`;
    },
    async close() {
      await server?.close();
      await opened.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}
