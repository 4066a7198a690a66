import { once } from 'node:events';
import { HeaderMap, type HTTPGraphQLResponse } from '@apollo/server';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildSchema, type ExecutionResult } from 'graphql';
import { type Logger, pino } from 'pino';
import type { Engine, OperationRequest } from '../gateway/engine.ts';
import { GatewayError } from '../gateway/errors.ts';
import { Gateway } from '../gateway/gateway.ts';
import { DocumentGuard } from '../gateway/limit/documentGuard.ts';
import { AutomaticQueries } from '../gateway/operation/automaticQueries.ts';
import { Pipeline, type PipelineOptions } from '../gateway/pipeline.ts';
import { errorExposure } from '../gateway/respond/errorExposure.ts';
import { formatErrorsBy } from '../gateway/respond/formatErrors.ts';
import { supergraphFromSdl } from '../gateway/supergraph/supergraph.ts';
import { clientRequestOf } from './support/clientRequestOf.ts';

/** How the engines of a test execute. */
type Execute = (request: OperationRequest, engine: Engine) => Promise<ExecutionResult>;

interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [detail: string]: unknown;
}

let lines: LogLine[];
let log: Logger;
let closed: string[];
let execute: Execute;
let gateway: Gateway;
let pipelines: Pipeline[];

beforeEach(() => {
  lines = [];
  closed = [];
  pipelines = [];
  log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  execute = async (_request, { supergraph }) => ({ data: { name: supergraph.sdl } });
  gateway = new Gateway(
    async (supergraph) => {
      const engine: Engine = {
        supergraph,
        apiSchema: buildSchema('type Query { name: String list: [Int!]! } type Mutation { name: String }'),
        execute: (request) => execute(request, engine),
        plan: async () => '',
        close: async () => {
          closed.push(supergraph.sdl);
        },
      };
      return engine;
    },
    pino({ level: 'silent' }),
  );
});

afterEach(async () => {
  await Promise.all(pipelines.map((pipeline) => pipeline.stop()));
  await gateway.stop();
});

function pipelineOf(options: Partial<PipelineOptions> = {}): Pipeline {
  const pipeline = new Pipeline({
    gateway,
    log,
    formatError: formatErrorsBy({ exposureOf: errorExposure({ all: true, subgraphs: {} }) }),
    production: true,
    introspection: false,
    suggestions: false,
    csrfPrevention: true,
    allowsBatching: true,
    maxTokens: 100,
    documentGuard: new DocumentGuard({
      limits: {
        max_tokens: 100,
        max_recursion: 10,
        max_expanded_selections: 1000,
        max_depth: 5,
        max_aliases: 5,
        max_root_fields: 5,
        max_directives: 5,
      },
      warnOnly: false,
      log,
    }),
    maxVariablesDepth: 5,
    maxErrors: 3,
    automaticQueries: new AutomaticQueries({
      maxEntries: 10,
      maxDocumentBytes: 1000,
      shared: undefined,
      isAllowed: () => true,
    }),
    clientNameHeader: 'apollographql-client-name',
    ...options,
  });
  pipelines.push(pipeline);
  return pipeline;
}

async function ask(pipeline: Pipeline, body: unknown): Promise<{ status: number; body: unknown }> {
  const headers = new HeaderMap([['content-type', 'application/json']]);
  const response: HTTPGraphQLResponse = await pipeline.handle(
    { method: 'POST', headers, search: '', body },
    clientRequestOf({ requestId: 'r1' }),
  );
  if (response.body.kind !== 'complete') throw new Error('an answer in parts');
  return { status: response.status ?? 200, body: JSON.parse(response.body.string) };
}

const swapTo = (name: string): Promise<void> => gateway.swap(supergraphFromSdl(name));

async function laterTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('pipeline: the engine of a request', () => {
  test('is none before the first supergraph', async () => {
    await expect(ask(pipelineOf(), { query: '{ name }' })).rejects.toThrow(
      new GatewayError('SUPERGRAPH_NOT_READY').message,
    );
  });

  test('is the one in force', async () => {
    const pipeline = pipelineOf();
    await swapTo('one');
    const before = await ask(pipeline, { query: '{ name }' });
    await swapTo('two');
    expect([before.body, (await ask(pipeline, { query: '{ name }' })).body]).toEqual([
      { data: { name: 'one' } },
      { data: { name: 'two' } },
    ]);
  });

  test('finishes a request that was in flight at a swap, and is closed after it', async () => {
    const events = new EventTarget();
    const started = once(events, 'started');
    execute = async (_request, { supergraph }) => {
      const released = once(events, 'release');
      events.dispatchEvent(new Event('started'));
      await released;
      return { data: { name: supergraph.sdl } };
    };
    await swapTo('one');
    const answer = ask(pipelineOf(), { query: '{ name }' });
    await started;
    await swapTo('two');
    await laterTurns();
    const closedBefore = [...closed];
    events.dispatchEvent(new Event('release'));
    const { body } = await answer;
    await laterTurns();
    expect([closedBefore, body, closed]).toEqual([[], { data: { name: 'one' } }, ['one']]);
  });

  const endings: readonly [string, unknown][] = [
    ['an answer', { query: '{ name }' }],
    ['a document that does not parse', { query: '{' }],
    ['a document that is not valid', { query: '{ nothing }' }],
    ['an operation that is not there', { query: 'query A { name }', operationName: 'B' }],
    ['variables that do not fit', { query: 'query ($a: Int!) { name @include(if: $a) }' }],
    [
      'a persisted query that is not known',
      { extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } },
    ],
    ['a batch', [{ query: '{ name }' }, { query: '{' }, { query: '{ nothing }' }]],
    ['a body that is no request', { query: 7 }],
  ];

  test.each(endings)('is let go after %s', async (_what, body) => {
    await swapTo('one');
    await ask(pipelineOf(), body);
    await swapTo('two');
    await laterTurns();
    expect(closed).toEqual(['one']);
  });

  test('is let go after a fault of the engine', async () => {
    execute = () => Promise.reject(new Error('secret'));
    await swapTo('one');
    await ask(pipelineOf(), { query: '{ name }' });
    await swapTo('two');
    await laterTurns();
    expect(closed).toEqual(['one']);
  });
});

describe('pipeline: what an engine is given', () => {
  test('is the operation, its name, the text, its hash, and the variables as they were sent', async () => {
    let given: Partial<OperationRequest> = {};
    execute = async ({ operation, operationName, source, sourceHash, variables, client }) => {
      given = { operationName, source, sourceHash, variables };
      expect([operation.name?.value, client.requestId]).toEqual(['B', 'r1']);
      return { data: { name: null } };
    };
    await swapTo('one');
    const source = 'query A { name } query B($v: Boolean = false) { name @skip(if: $v) }';
    await ask(pipelineOf(), { query: source, operationName: 'B', variables: { v: true, extra: 1 } });
    expect(given).toEqual({
      operationName: 'B',
      source,
      // printf '%s' "$source" | sha256sum
      sourceHash: 'f34d1c36664645fd63d2b682f6630945e35df44fb58934ec4f83d43210b6d84c',
      variables: { v: true, extra: 1 },
    });
  });
});

describe('pipeline: faults', () => {
  test('of an engine show clients the summary, and the log all of it', async () => {
    execute = () => Promise.reject(new Error('secret'));
    await swapTo('one');
    const answer = await ask(pipelineOf(), { query: 'query Named { name }' });
    expect(answer.body).toEqual({
      errors: [{ message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    });
    expect(lines).toEqual([
      expect.objectContaining({
        level: 50,
        requestId: 'r1',
        operationName: 'Named',
        err: expect.objectContaining({ message: 'secret' }),
        msg: 'a fault ended an operation',
      }),
    ]);
  });

  test('of a subgraph are a warning with its name and code', async () => {
    execute = async () => ({
      data: { name: null },
      errors: [new GatewayError('GATEWAY_TIMEOUT', { subgraph: 'products', message: 'too slow' })],
    });
    await swapTo('one');
    await ask(pipelineOf(), { query: '{ name }' });
    expect(lines).toEqual([
      expect.objectContaining({
        level: 40,
        subgraph: 'products',
        code: 'GATEWAY_TIMEOUT',
        requestId: 'r1',
        msg: 'too slow',
      }),
    ]);
  });

  test('of the client are not logged', async () => {
    await swapTo('one');
    await ask(pipelineOf(), { query: '{ nothing }' });
    expect(lines).toEqual([]);
  });
});

describe('pipeline: documents', () => {
  test('a text is parsed once for an engine', async () => {
    const documents: unknown[] = [];
    execute = async ({ document }) => {
      documents.push(document);
      return { data: { name: 'a' } };
    };
    await swapTo('one');
    const pipeline = pipelineOf();
    await ask(pipeline, { query: '{ name }' });
    await ask(pipeline, { query: '{ name }' });
    await ask(pipeline, { query: '{ b: name }' });
    await swapTo('two');
    await ask(pipeline, { query: '{ name }' });
    const [first, again, other, ofNextEngine] = documents;
    expect([again === first, other === first, ofNextEngine === first]).toEqual([true, false, false]);
  });

  test('a text that is not valid is told so each time', async () => {
    await swapTo('one');
    const pipeline = pipelineOf();
    for (let times = 0; times < 2; times += 1) {
      expect((await ask(pipeline, { query: '{ noSuchField }' })).status).toBe(400);
    }
  });
});
