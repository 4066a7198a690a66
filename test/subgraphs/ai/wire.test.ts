import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { JSONSchema7 } from '@ai-sdk/provider';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { attempt, attemptStream } from '../../../subgraphs/ai/call/attempt.ts';
import type { Fault } from '../../../subgraphs/ai/call/fault.ts';
import { ProviderClients } from '../../../subgraphs/ai/call/providerClients.ts';
import type { Target } from '../../../subgraphs/ai/models/models.ts';
import { outputType } from '../../../subgraphs/ai/prompt/outputType.ts';
import { type FakeProviders, startFakeProviders } from './fakeProviders.ts';
import { openCalls, type TestCalls } from './openCalls.ts';

/*
 * `wireSamples.jsonl` holds what the packages of the AI SDK (the line of `ai` 6.0.326) sent to a server, and answers in the
 * formats that the providers document. Where this subgraph means to send something else, `asWeSend` says so.
 */

interface Sample {
  readonly setup: string;
  readonly case: string;
  readonly request: {
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Record<string, unknown>;
  };
  readonly response: { readonly status: number; readonly body?: unknown; readonly events?: unknown[] };
}

const samples = readFileSync(path.join(import.meta.dirname, 'wireSamples.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Sample);
const samplesOf = (...cases: string[]) => samples.filter((sample) => cases.includes(sample.case));

const keys = {
  OPENAI_KEY: 'sk-test',
  ANTHROPIC_KEY: 'sk-ant-test',
  MISTRAL_KEY: 'mk-test',
  GOOGLE_KEY: 'g-test',
  COMPATIBLE_KEY: 'local',
};

const setups = (origin: string): string => `
providers:
  openai: { kind: openai, base_url: "${origin}/v1", key_env: OPENAI_KEY }
  anthropic: { kind: anthropic, base_url: "${origin}/v1", key_env: ANTHROPIC_KEY }
  mistral: { kind: mistral, base_url: "${origin}/v1", key_env: MISTRAL_KEY }
  google: { kind: google, base_url: "${origin}/v1beta", key_env: GOOGLE_KEY }
  compat: { kind: compatible, base_url: "${origin}/v1", key_env: COMPATIBLE_KEY }
  plain: { kind: compatible, base_url: "${origin}/v1", json_schema: false }
models:
  openai/gpt-4.1-mini: { api: chat }
aliases:
  openai: { targets: [openai/gpt-5-mini] }
  openai-chat: { targets: [openai/gpt-4.1-mini] }
  anthropic: { targets: [anthropic/claude-sonnet-4-5] }
  anthropic-old: { targets: [anthropic/claude-3-5-haiku-latest] }
  mistral: { targets: [mistral/mistral-small-latest] }
  google: { targets: [google/gemini-2.5-flash] }
  compat: { targets: [compat/meta-llama/Llama-3.1-8B-Instruct] }
  compat-default: { targets: [plain/meta-llama/Llama-3.1-8B-Instruct] }
`;

let fake: FakeProviders;
let opened: TestCalls;
const clients = new ProviderClients();
const signal = new AbortController().signal;

beforeAll(async () => {
  fake = await startFakeProviders();
  opened = await openCalls(setups(fake.origin), keys);
});
beforeEach(() => fake.reset());
afterAll(async () => {
  await opened.close();
  await fake.close();
});

/** The schema of the samples, as their requests show it. */
const reviewInsight = samplesOf('object').find(({ setup }) => setup === 'openai-chat')?.request.body
  .response_format as { json_schema: { schema: JSONSchema7 } };

function asked({ setup, case: what }: Sample) {
  const call = opened.call({
    model: setup,
    options: { maxOutputTokens: 200, temperature: 0.2 },
    ...(what === 'object' ? { output: outputType('ReviewInsight', reviewInsight.json_schema.schema) } : {}),
  });
  return { call, target: call.alias.targets[0] as Target, clients, signal };
}

/** The sample's body with what we send otherwise, on purpose. */
function asWeSend({ setup, case: what, request }: Sample): unknown {
  const body = structuredClone(request.body) as Record<string, never> & {
    response_format?: { json_schema: Record<string, unknown> };
    text?: { format: Record<string, unknown> };
  };
  // answers are not to be kept at OpenAI
  if (setup.startsWith('openai')) Object.assign(body, { store: false });
  // which the package answers by asking for the reasoning in a form that only OpenAI can read
  if (setup === 'openai') Object.assign(body, { include: ['reasoning.encrypted_content'] });
  // else streams report no tokens
  if (setup === 'compat-default' && what === 'stream-text')
    Object.assign(body, { stream_options: { include_usage: true } });
  // else Mistral takes the schema for a hint
  if (setup === 'mistral' && what === 'object')
    Object.assign(body.response_format?.json_schema ?? {}, { strict: true });
  // the samples' schema had a description beside its name
  delete body.response_format?.json_schema?.description;
  delete body.text?.format.description;
  return body;
}

describe('ai wire: requests', () => {
  test.each(samplesOf('text', 'object', 'stream-text'))(
    '$setup sends $case as the sample does',
    async (sample) => {
      fake.next({ kind: 'raw', ...sample.response });
      if (sample.case === 'stream-text') for await (const _ of attemptStream(asked(sample)));
      else await attempt(asked(sample));
      const [request] = fake.requests;
      expect(request?.path).toBe(sample.request.path);
      // a server that takes no schema is told it in the text, which the package does not do
      if (sample.setup === 'compat-default' && sample.case === 'object') return;
      expect(request?.body).toEqual(asWeSend(sample));
    },
  );

  test.each(samplesOf('text'))(
    '$setup sends its key in the header that the provider reads',
    async (sample) => {
      fake.next({ kind: 'raw', ...sample.response });
      await attempt(asked(sample));
      expect(fake.requests[0]?.headers).toMatchObject(sample.request.headers);
    },
  );
});

describe('ai wire: what a model does not take', () => {
  test('a temperature that a reasoning model has no use for is left out, and nothing is written to the console', async () => {
    const written = (['log', 'info', 'warn', 'error'] as const).map((name) => jest.spyOn(console, name));
    const [sample] = samplesOf('text').filter(({ setup }) => setup === 'openai');
    if (sample === undefined) throw new Error('there is no such sample');
    fake.next({ kind: 'raw', ...sample.response });
    await attempt(asked(sample));
    const calls = written.map((spy) => spy.mock.calls.length);
    for (const spy of written) spy.mockRestore();
    expect([fake.requests[0]?.body.temperature, calls]).toEqual([undefined, [0, 0, 0, 0]]);
  });
});

describe('ai wire: Ollama', () => {
  test('limits stand where its OpenAI side reads them', async () => {
    opened.configure(`
providers: { ollama: { kind: ollama, base_url: "${fake.origin}/v1", discover: false } }
aliases: { default: { targets: [ollama/llama3.2] } }`);
    const call = opened.call({ options: { maxOutputTokens: 200, temperature: 0.2 } });
    await attempt({ call, target: call.alias.targets[0] as Target, clients, signal });
    opened.configure(setups(fake.origin), keys);
    const [request] = fake.requests;
    expect([request?.path, request?.headers.authorization]).toEqual(['/v1/chat/completions', undefined]);
    expect(request?.body).toMatchObject({ model: 'llama3.2', max_tokens: 200, temperature: 0.2 });
  });
});

describe('ai wire: answers', () => {
  test.each(samplesOf('text'))(
    '$setup: text, and tokens with the cached and the reasoned',
    async (sample) => {
      fake.next({ kind: 'raw', ...sample.response });
      const answer = await attempt(asked(sample));
      // Anthropic counts what it read from and wrote to its cache beside the input; the total is all of it
      const isAnthropic = sample.setup.startsWith('anthropic');
      expect(answer).toEqual({
        text: 'Federation composes many subgraphs into one supergraph.',
        finishReason: 'STOP',
        firstTokenMs: null,
        usage: {
          inputTokens: isAnthropic ? 176 : 120,
          cachedInputTokens: 64,
          cacheWriteTokens: isAnthropic ? 100 : 0,
          outputTokens: 30,
          reasoningTokens: isAnthropic || sample.setup === 'mistral' ? 0 : 12,
          estimated: false,
        },
      });
    },
  );

  test.each(samplesOf('object'))('$setup: a typed answer', async (sample) => {
    fake.next({ kind: 'raw', ...sample.response });
    const { text } = await attempt(asked(sample));
    expect(JSON.parse(text)).toMatchObject({ sentiment: 'POSITIVE', reviewer: { name: 'Ann', age: null } });
  });

  test.each(samplesOf('stream-text'))('$setup: a stream, and the tokens at its end', async (sample) => {
    fake.next({ kind: 'raw', ...sample.response });
    const stream = attemptStream(asked(sample));
    const deltas: string[] = [];
    let step = await stream.next();
    for (; !step.done; step = await stream.next()) deltas.push(step.value);
    expect(deltas.length).toBe(7);
    expect(step.value).toMatchObject({
      text: 'Federation composes many subgraphs into one supergraph.',
      finishReason: 'STOP',
      // that server was not asked for its numbers when the sample was taken: they are guessed, and marked
      usage: sample.setup === 'compat-default' ? { estimated: true } : { outputTokens: 30, estimated: false },
    });
  });

  test.each(samplesOf('truncated'))('$setup: an answer that was cut', async (sample) => {
    fake.next({ kind: 'raw', ...sample.response });
    expect((await attempt(asked(sample))).finishReason).toBe('LENGTH');
  });

  test.each(samplesOf('filtered'))('$setup: an answer that a filter stopped', async (sample) => {
    fake.next({ kind: 'raw', ...sample.response });
    expect((await attempt(asked(sample))).finishReason).toBe('CONTENT_FILTER');
  });

  test.each(samplesOf('text'))('$setup: a 401 is the operator’s fault', async (sample) => {
    fake.next({ kind: 'error', status: 401 });
    const fault = (await attempt(asked(sample)).catch((error: unknown) => error)) as Fault;
    expect([fault.kind, fault.details.httpStatus]).toEqual(['AUTH', 401]);
  });
});
