import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { outputType } from '../../../../subgraphs/ai/prompt/outputType.ts';
import { type Behaviour, type FakeProviders, startFakeProviders } from '../fakeProviders.ts';
import { failure, openCalls, type TestCalls, twoTargets, until } from '../openCalls.ts';

let fake: FakeProviders;
let opened: TestCalls;

beforeAll(async () => {
  fake = await startFakeProviders();
});
beforeEach(async () => {
  fake.reset();
  await opened?.close();
  opened = await openCalls(twoTargets(fake.origin));
});
afterAll(async () => {
  await opened.close();
  await fake.close();
});

const error = (status: number, more: Partial<Extract<Behaviour, { kind: 'error' }>> = {}): Behaviour => ({
  kind: 'error',
  status,
  ...more,
});
const asked = () => fake.requests.map(({ path }) => path.split('/')[1]);
const verdict = outputType('verdict', {
  type: 'object',
  properties: { verdict: { type: 'string', enum: ['GOOD', 'BAD'] } },
  required: ['verdict'],
  additionalProperties: false,
});

describe('ai chain: error classes', () => {
  test('a 429 with a Retry-After that fits is asked again at the same target, after that time', async () => {
    fake.next(error(429, { headers: { 'retry-after': '2' } }));
    const completion = await opened.calls.complete(opened.call());
    expect([asked(), opened.pauses, completion.model]).toEqual([['one', 'one'], [2000], 'one/m']);
  });

  test('retry-after-ms goes before retry-after', async () => {
    fake.next(error(429, { headers: { 'retry-after': '2', 'retry-after-ms': '30' } }));
    await opened.calls.complete(opened.call());
    expect(opened.pauses).toEqual([30]);
  });

  test('a Retry-After beyond the deadline goes to the next target at once', async () => {
    fake.next(error(429, { headers: { 'retry-after': '120' } }));
    const { attempts } = await opened.calls.complete(opened.call());
    expect(asked()).toEqual(['one', 'two']);
    expect(attempts).toMatchObject([
      { model: 'one/m', ok: false, errorCode: 'AI_RATE_LIMITED', httpStatus: 429 },
      { model: 'two/m', ok: true, errorCode: null, httpStatus: null },
    ]);
  });

  test('a 429 without a Retry-After goes to the next target at once', async () => {
    fake.next(error(429));
    await opened.calls.complete(opened.call());
    expect([asked(), opened.pauses]).toEqual([['one', 'two'], []]);
  });

  test('an empty account goes to the next target at once, although it is a 429 with a Retry-After', async () => {
    fake.next(
      error(429, {
        headers: { 'retry-after': '1' },
        body: { error: { code: 'insufficient_quota', message: 'x' } },
      }),
    );
    const { attempts } = await opened.calls.complete(opened.call());
    expect([asked(), attempts[0]?.errorCode]).toEqual([['one', 'two'], 'AI_QUOTA_EXHAUSTED']);
  });

  test.each([
    [401, 'AI_AUTH_FAILED'],
    [403, 'AI_AUTH_FAILED'],
    [404, 'AI_UPSTREAM_ERROR'],
  ])('a %d goes to the next target, opens the circuit and tells the operator', async (status, code) => {
    fake.next(error(status));
    const { attempts } = await opened.calls.complete(opened.call());
    await opened.calls.complete(opened.call());
    expect([asked(), attempts[0]?.errorCode]).toEqual([['one', 'two', 'two'], code]);
    expect(opened.warnings).toMatchObject([{ model: 'one/m', httpStatus: status }]);
  });

  test.each<[string, Behaviour]>([
    ['a 500', error(500)],
    ['a 503', error(503)],
    ['a 529', error(529)],
    ['a reset connection', { kind: 'reset' }],
    ['an answer that is no JSON of that provider', { kind: 'raw', status: 200, body: { nothing: true } }],
  ])('%s is asked once more, then the next target is', async (_what, behaviour) => {
    fake.next(behaviour, behaviour);
    const { model } = await opened.calls.complete(opened.call());
    expect([asked(), model, opened.pauses.length]).toEqual([['one', 'one', 'two'], 'two/m', 1]);
  });

  test('the package’s own retries are off: one attempt is one request', async () => {
    fake.otherwise(error(503));
    const { extensions } = await failure(opened.calls.complete(opened.call()));
    const attempts = extensions.attempts as { httpStatus: number }[];
    expect(asked()).toEqual(['one', 'one', 'two', 'two']);
    expect(attempts.map(({ httpStatus }) => httpStatus)).toEqual([503, 503, 503, 503]);
  });

  test('an input that the provider finds too long goes only to targets with a larger window', async () => {
    const models = 'models: { one/m: { context_window: 8000 }, two/m: { context_window: 4000 } }';
    opened.configure(twoTargets(fake.origin, models));
    fake.next(error(400, { body: { error: { code: 'context_length_exceeded', message: 'x' } } }));
    const { code } = await failure(opened.calls.complete(opened.call()));
    expect([asked(), code]).toEqual([['one'], 'AI_INPUT_TOO_LONG']);
  });

  test('an input that surely is too long for all targets is sent to none', async () => {
    const models = 'models: { one/m: { context_window: 100 }, two/m: { context_window: 200 } }';
    opened.configure(twoTargets(fake.origin, models));
    const messages = [{ role: 'user', content: 'x'.repeat(3000) }] as const;
    const { extensions } = await failure(opened.calls.complete(opened.call({ messages })));
    expect([asked(), extensions]).toEqual([
      [],
      expect.objectContaining({ code: 'AI_INPUT_TOO_LONG', limitTokens: 200, estimatedTokens: 1024 }),
    ]);
  });

  test('a filtered answer stops the call, and is charged', async () => {
    fake.next({ kind: 'text', text: 'I', finish: 'filter' });
    const { code } = await failure(opened.calls.complete(opened.call()));
    expect([asked(), code, opened.ended[0]?.usage.outputTokens]).toEqual([
      ['one'],
      'AI_CONTENT_FILTERED',
      30,
    ]);
  });

  test('a filtered answer goes to the next target where the operator says so', async () => {
    opened.configure(twoTargets(fake.origin, '    fallback_on_filter: true'));
    fake.next({ kind: 'text', text: 'I', finish: 'filter' });
    await opened.calls.complete(opened.call());
    expect(asked()).toEqual(['one', 'two']);
  });

  test('another 400 stops the call', async () => {
    fake.next(error(400));
    const { code } = await failure(opened.calls.complete(opened.call()));
    expect([asked(), code]).toEqual([['one'], 'AI_BAD_REQUEST']);
  });

  test('`fallback: false` stays with the first target', async () => {
    fake.otherwise(error(503));
    await failure(opened.calls.complete(opened.call({ fallback: false })));
    expect(asked()).toEqual(['one', 'one']);
  });
});

describe('ai chain: typed answers', () => {
  const typed = () => opened.call({ output: verdict });

  test('what the package takes for valid is checked here', async () => {
    fake.otherwise({ kind: 'json', value: { verdict: 'GREAT' } });
    expect((await failure(opened.calls.complete(typed()))).code).toBe('AI_OUTPUT_INVALID');
  });

  test('a wrong answer is sent back once with what is wrong with it', async () => {
    fake.next({ kind: 'json', value: { verdict: 'GREAT' } }, { kind: 'json', value: { verdict: 'GOOD' } });
    const { value } = await opened.calls.complete(typed());
    expect([asked(), value]).toEqual([['one', 'one'], { verdict: 'GOOD' }]);
    expect(fake.requests[1]?.body.messages.slice(-2)).toEqual([
      { role: 'assistant', content: '{"verdict":"GREAT"}' },
      {
        role: 'user',
        content:
          'That answer is not of the asked type: /verdict must be equal to one of the allowed values (GOOD, BAD). Answer again, with the corrected JSON only.',
      },
    ]);
  });

  test('after a failed repair the next target is asked, without the repair’s turns', async () => {
    fake.next(
      { kind: 'text', text: 'no' },
      { kind: 'text', text: 'no' },
      { kind: 'json', value: { verdict: 'BAD' } },
    );
    const { model } = await opened.calls.complete(typed());
    expect([asked(), model]).toEqual([['one', 'one', 'two'], 'two/m']);
    expect(fake.requests[2]?.body.messages).toEqual(fake.requests[0]?.body.messages);
  });

  test('every answer is charged, the wrong ones too', async () => {
    fake.next({ kind: 'text', text: 'no' }, { kind: 'json', value: { verdict: 'GOOD' } });
    const { usage } = await opened.calls.complete(typed());
    expect(usage).toMatchObject({ inputTokens: 240, outputTokens: 60 });
  });

  test('an answer that was cut is not repaired', async () => {
    fake.next({ kind: 'text', text: '{"verdict":', finish: 'length' });
    const { code } = await failure(opened.calls.complete(typed()));
    expect([asked(), code]).toEqual([['one'], 'AI_OUTPUT_TRUNCATED']);
  });

  test('a code fence around the JSON is no fault', async () => {
    fake.next({ kind: 'text', text: '```json\n{"verdict":"BAD"}\n```' });
    expect((await opened.calls.complete(typed())).value).toEqual({ verdict: 'BAD' });
  });

  test('a server without `json_schema` is told the schema in the system text', async () => {
    opened.configure(`
providers: { plain: { kind: compatible, base_url: "${fake.origin}/plain/v1", json_schema: false } }
aliases: { default: { targets: [plain/m] } }`);
    fake.next({ kind: 'json', value: { verdict: 'GOOD' } });
    await opened.calls.complete(typed());
    const { response_format: format, messages } = fake.requests[0]?.body ?? {};
    expect(format).toEqual({ type: 'json_object' });
    expect(messages[0]).toEqual({
      role: 'system',
      content: `You are terse.\n\nAnswer with one JSON value that this JSON Schema describes, and with nothing else:\n${JSON.stringify(verdict.schema)}`,
    });
  });
});

describe('ai chain: circuits', () => {
  test('three failures in a row open the circuit: the target is passed over', async () => {
    fake.next(error(503), error(503), { kind: 'text', text: 'two' }, error(503));
    await opened.calls.complete(opened.call());
    await opened.calls.complete(opened.call());
    await opened.calls.complete(opened.call());
    expect(asked()).toEqual(['one', 'one', 'two', 'one', 'two', 'two']);
    expect(opened.parts.chain.circuits.health('one/m')).toBe('OPEN_CIRCUIT');
    expect(opened.warnings).toMatchObject([{ model: 'one/m', fault: 'UPSTREAM', httpStatus: 503 }]);
  });

  test('the operator is told how a connection failed', async () => {
    fake.otherwise({ kind: 'reset' });
    await failure(opened.calls.complete(opened.call()));
    await failure(opened.calls.complete(opened.call()));
    // undici's word for a connection that the server closed, or the system's for a reset
    expect(opened.warnings).toMatchObject([
      {
        model: 'one/m',
        fault: 'UPSTREAM',
        providerCode: expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/),
      },
      { model: 'two/m', fault: 'UPSTREAM' },
    ]);
  });

  test('with all circuits open the call is refused, and told when to come again', async () => {
    opened.parts.chain.circuits.open('one/m');
    opened.parts.chain.circuits.open('two/m');
    const { extensions } = await failure(opened.calls.complete(opened.call()));
    expect([asked(), extensions.code, extensions.circuit]).toEqual([[], 'AI_UPSTREAM_ERROR', 'OPEN_CIRCUIT']);
    expect(extensions.retryAfterMs).toBeGreaterThan(29_000);
  });
});

describe('ai chain: deadlines', () => {
  const timeouts = (text: string) => twoTargets(fake.origin, `    timeouts: ${text}`);

  test('a target that hangs is left at its deadline for the next', async () => {
    opened.configure(timeouts('{ attempt_ms: 300 }'));
    fake.next({ kind: 'hang' }, { kind: 'hang' });
    const { model, attempts } = await opened.calls.complete(opened.call());
    expect([asked(), model, attempts[0]?.errorCode]).toEqual([['one', 'one', 'two'], 'two/m', 'AI_TIMEOUT']);
    await fake.requests[0]?.aborted;
  });

  test('the deadline of the call ends all attempts', async () => {
    fake.otherwise({ kind: 'hang' });
    const call = opened.call({ options: { timeoutMs: 40 } });
    const { extensions } = await failure(opened.calls.complete(call));
    expect(extensions).toMatchObject({ code: 'AI_TIMEOUT', phase: 'TOTAL', retryable: true });
    await fake.requests[0]?.aborted;
  });

  test('an attempt that was given up is charged for what it may have read', async () => {
    fake.otherwise({ kind: 'hang' });
    await failure(opened.calls.complete(opened.call({ options: { timeoutMs: 40 } })));
    expect(opened.ended[0]?.usage).toMatchObject({ estimated: true, outputTokens: 0 });
    expect(opened.ended[0]?.usage.inputTokens).toBeGreaterThan(10);
  });

  test('a caller who leaves aborts the request', async () => {
    fake.otherwise({ kind: 'hang' });
    const caller = new AbortController();
    const work = failure(opened.calls.complete(opened.call({ signal: caller.signal })));
    await until(() => fake.requests.length === 1);
    caller.abort(new Error('gone'));
    await work;
    await fake.requests[0]?.aborted;
    expect(asked()).toEqual(['one']);
  });
});
