import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the far end does with one request. Without any it answers `Fake answer.`, or `{}` made to fit the schema. */
export type Behaviour =
  | { readonly kind: 'text'; readonly text: string; readonly finish?: 'stop' | 'length' | 'filter' }
  | { readonly kind: 'json'; readonly value: unknown }
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  /** Exactly this, whatever was asked. */
  | {
      readonly kind: 'raw';
      readonly status: number;
      readonly body?: unknown;
      readonly events?: readonly unknown[];
    }
  /** Takes the request, and says nothing. */
  | { readonly kind: 'hang' }
  /** A stream that goes silent, or whose connection is reset, after some deltas. */
  | { readonly kind: 'stall' | 'cut'; readonly text: string; readonly after: number }
  /** The connection is reset before any answer. */
  | { readonly kind: 'reset' }
  /** Waits until the test lets it go, then answers. */
  | { readonly kind: 'held'; readonly until: Promise<unknown>; readonly text: string };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: bodies have the shape of their provider
  readonly body: any;
  /** Resolves when the client has closed the connection before the answer was whole. */
  readonly aborted: Promise<void>;
  /** Deltas written of a stream. */
  deltas: number;
}

/** One server that speaks the formats of all providers, at the paths that their packages ask. */
export interface FakeProviders {
  readonly origin: string;
  readonly requests: SeenRequest[];
  /** The behaviours of the next requests, in order; then of all others. */
  next(...behaviours: readonly Behaviour[]): void;
  otherwise(behaviour: Behaviour | ((request: SeenRequest) => Behaviour)): void;
  /** Models that `GET …/models` lists. */
  models: readonly string[];
  reset(): void;
  close(): Promise<void>;
}

const usage = { input: 120, cached: 64, output: 30, reasoning: 12 };

export async function startFakeProviders(): Promise<FakeProviders> {
  let queue: Behaviour[] = [];
  let fallback: Behaviour | ((request: SeenRequest) => Behaviour) = { kind: 'text', text: 'Fake answer.' };
  const fake: { models: readonly string[]; requests: SeenRequest[] } = { models: [], requests: [] };
  const server = createServer((request, response) => {
    void read(request, response).then((seen) => {
      if (seen.method === 'GET' && seen.path.endsWith('/models')) {
        return respondJson(response, 200, { object: 'list', data: fake.models.map((id) => ({ id })) });
      }
      fake.requests.push(seen);
      const given = queue.shift() ?? (typeof fallback === 'function' ? fallback(seen) : fallback);
      return behave(given, { seen, response });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(fake, {
    origin: `http://127.0.0.1:${port}`,
    next: (...behaviours: readonly Behaviour[]) => void queue.push(...behaviours),
    otherwise: (behaviour: Behaviour | ((request: SeenRequest) => Behaviour)) => {
      fallback = behaviour;
    },
    reset() {
      queue = [];
      fallback = { kind: 'text', text: 'Fake answer.' };
      fake.requests.length = 0;
      fake.models = [];
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  } as const);
}

async function read(request: IncomingMessage, response: ServerResponse): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body: text === '' ? null : JSON.parse(text),
    aborted: new Promise((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) resolve();
      });
    }),
    deltas: 0,
  };
}

interface Exchange {
  readonly seen: SeenRequest;
  readonly response: ServerResponse;
}

async function behave(behaviour: Behaviour, exchange: Exchange): Promise<void> {
  const { seen, response } = exchange;
  switch (behaviour.kind) {
    case 'hang':
      return;
    case 'reset':
      response.destroy();
      return;
    case 'error':
      for (const [name, value] of Object.entries(behaviour.headers ?? {})) response.setHeader(name, value);
      return respondJson(
        response,
        behaviour.status,
        behaviour.body ?? { error: { message: 'it failed', type: 'x', code: String(behaviour.status) } },
      );
    case 'raw':
      if (behaviour.events) return respondEvents(exchange, behaviour.events);
      return respondJson(response, behaviour.status, behaviour.body);
    case 'json':
      return answer(exchange, JSON.stringify(behaviour.value), 'stop');
    case 'text':
      return answer(exchange, behaviour.text, behaviour.finish ?? 'stop');
    case 'held':
      await behaviour.until;
      return answer(exchange, behaviour.text, 'stop');
    case 'stall':
    case 'cut': {
      const events = streamEvents(seen, words(behaviour.text), 'stop');
      startEvents(response);
      const first = events.findIndex((event) => isDelta(event));
      for (const event of events.slice(0, first + behaviour.after)) writeEvent(exchange, event);
      // what was written must arrive before the connection ends
      if (behaviour.kind === 'cut') setImmediate(() => setImmediate(() => response.destroy()));
      return;
    }
    default:
      return behaviour satisfies never;
  }
}

function answer(exchange: Exchange, text: string, finish: 'stop' | 'length' | 'filter'): void {
  const { seen, response } = exchange;
  const isStream = seen.body?.stream === true || seen.path.includes(':streamGenerateContent');
  if (isStream) respondEvents(exchange, streamEvents(seen, words(text), finish));
  else respondJson(response, 200, plainAnswer(seen, text, finish));
}

function respondJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function startEvents(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

function respondEvents(exchange: Exchange, events: readonly unknown[]): void {
  startEvents(exchange.response);
  for (const event of events) writeEvent(exchange, event);
  if (exchange.seen.path.includes('/chat/completions')) exchange.response.write('data: [DONE]\n\n');
  exchange.response.end();
}

function writeEvent({ seen, response }: Exchange, event: unknown): void {
  if (isDelta(event)) seen.deltas += 1;
  const { type } = event as { type?: string };
  response.write(`${type === undefined ? '' : `event: ${type}\n`}data: ${JSON.stringify(event)}\n\n`);
}

function isDelta(event: unknown): boolean {
  const text = JSON.stringify(event);
  return /output_text\.delta|text_delta|"delta":\{"content":"[^"]|"parts":\[\{"text":"[^"]/.test(text);
}

function words(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [text];
}

/** Source of all shapes: the providers' API references, as recorded in `wireSamples.jsonl`. */
function plainAnswer(
  { path, body }: SeenRequest,
  text: string,
  finish: 'stop' | 'length' | 'filter',
): unknown {
  if (path.endsWith('/embeddings')) {
    const input: string[] = body.input;
    return {
      object: 'list',
      model: body.model,
      data: input.map((_, index) => ({ object: 'embedding', index, embedding: [index, 1, 0] })),
      usage: { prompt_tokens: 4 * input.length, total_tokens: 4 * input.length },
    };
  }
  if (path.endsWith(':embedContent')) return { embedding: { values: [0, 1, 0] } };
  if (path.endsWith(':batchEmbedContents')) {
    return { embeddings: body.requests.map((_: unknown, index: number) => ({ values: [index, 1, 0] })) };
  }
  if (path.endsWith('/responses')) {
    const reasons = { stop: null, length: 'max_output_tokens', filter: 'content_filter' };
    return {
      id: 'resp_1',
      object: 'response',
      created_at: 1772062769,
      status: finish === 'stop' ? 'completed' : 'incomplete',
      model: body.model,
      error: null,
      incomplete_details: finish === 'stop' ? null : { reason: reasons[finish] },
      output: [
        {
          id: 'msg_1',
          type: 'message',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'output_text', annotations: [], logprobs: [], text }],
        },
      ],
      usage: responsesUsage,
    };
  }
  if (path.endsWith('/messages')) {
    const isTool = Array.isArray(body.tools);
    return {
      id: 'msg_01',
      type: 'message',
      role: 'assistant',
      model: body.model,
      stop_sequence: null,
      content: isTool
        ? [{ type: 'tool_use', id: 'toolu_01', name: 'json', input: JSON.parse(text) }]
        : [{ type: 'text', text }],
      stop_reason: isTool ? 'tool_use' : anthropicReasons[finish],
      usage: anthropicUsage,
    };
  }
  if (path.includes(':generateContent')) {
    return {
      candidates: [
        { content: { parts: [{ text }], role: 'model' }, finishReason: googleReasons[finish], index: 0 },
      ],
      usageMetadata: googleUsage,
      modelVersion: 'x',
      responseId: 'r1',
    };
  }
  return {
    id: 'chatcmpl-1',
    created: 1770933883,
    model: body.model,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: null,
        finish_reason: chatReasons[finish],
      },
    ],
    usage: chatUsage,
  };
}

function streamEvents(
  { path, body }: SeenRequest,
  parts: readonly string[],
  finish: 'stop' | 'length' | 'filter',
): unknown[] {
  if (path.endsWith('/responses')) {
    const head = { id: 'resp_1', object: 'response', created_at: 1772062769, model: body.model, output: [] };
    const item = { id: 'msg_1', type: 'message', status: 'in_progress', role: 'assistant', content: [] };
    return [
      { type: 'response.created', response: { ...head, status: 'in_progress', usage: null } },
      { type: 'response.output_item.added', output_index: 0, item },
      ...parts.map((delta) => ({
        type: 'response.output_text.delta',
        item_id: 'msg_1',
        output_index: 0,
        content_index: 0,
        delta,
        logprobs: [],
      })),
      { type: 'response.output_item.done', output_index: 0, item: { ...item, status: 'completed' } },
      { type: 'response.completed', response: { ...head, status: 'completed', usage: responsesUsage } },
    ];
  }
  if (path.endsWith('/messages')) {
    return [
      {
        type: 'message_start',
        message: {
          id: 'msg_01',
          type: 'message',
          role: 'assistant',
          model: body.model,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...anthropicUsage, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      ...parts.map((text) => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text },
      })),
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: anthropicReasons[finish], stop_sequence: null },
        usage: { output_tokens: usage.output },
      },
      { type: 'message_stop' },
    ];
  }
  if (path.includes(':streamGenerateContent')) {
    return parts.map((text, index) => ({
      candidates: [
        {
          content: { parts: [{ text }], role: 'model' },
          ...(index === parts.length - 1 ? { finishReason: googleReasons[finish] } : {}),
          index: 0,
        },
      ],
      usageMetadata: googleUsage,
      modelVersion: 'x',
      responseId: 'r1',
    }));
  }
  const chunk = (delta: object, reason: string | null) => ({
    id: 'chatcmpl-1',
    created: 1770933883,
    model: body.model,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
  });
  // Mistral counts without being asked; others only with `include_usage`
  const counts = body.stream_options?.include_usage === true || path.includes('/mistral/');
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...parts.map((content) => chunk({ content }, null)),
    { ...chunk({}, chatReasons[finish]), ...(path.includes('/mistral/') ? { usage: chatUsage } : {}) },
    ...(counts && !path.includes('/mistral/') ? [{ ...chunk({}, null), choices: [], usage: chatUsage }] : []),
  ];
}

const chatReasons = { stop: 'stop', length: 'length', filter: 'content_filter' };
const anthropicReasons = { stop: 'end_turn', length: 'max_tokens', filter: 'refusal' };
const googleReasons = { stop: 'STOP', length: 'MAX_TOKENS', filter: 'SAFETY' };

const chatUsage = {
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: usage.reasoning },
};
const responsesUsage = {
  input_tokens: usage.input,
  input_tokens_details: { cached_tokens: usage.cached },
  output_tokens: usage.output,
  output_tokens_details: { reasoning_tokens: usage.reasoning },
  total_tokens: usage.input + usage.output,
};
const anthropicUsage = {
  input_tokens: 12,
  cache_creation_input_tokens: 100,
  cache_read_input_tokens: usage.cached,
  cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 0 },
  output_tokens: usage.output,
  service_tier: 'standard',
};
const googleUsage = {
  promptTokenCount: usage.input,
  cachedContentTokenCount: usage.cached,
  candidatesTokenCount: usage.output - usage.reasoning,
  thoughtsTokenCount: usage.reasoning,
  totalTokenCount: usage.input + usage.output,
};
