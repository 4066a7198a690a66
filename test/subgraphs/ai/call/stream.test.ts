import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { StreamEvent } from '../../../../subgraphs/ai/call/modelCalls.ts';
import { type FakeProviders, startFakeProviders } from '../fakeProviders.ts';
import { failure, openCalls, type TestCalls, twoTargets } from '../openCalls.ts';

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

const asked = () => fake.requests.map(({ path }) => path.split('/')[1]);
async function read(events: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const all: StreamEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('ai streams', () => {
  test('give the deltas, then the whole with its tokens', async () => {
    fake.next({ kind: 'text', text: 'One two three.' });
    const events = await read(opened.calls.stream(opened.call()));
    expect(events.slice(0, 3)).toEqual([
      { kind: 'delta', text: 'One ' },
      { kind: 'delta', text: 'two ' },
      { kind: 'delta', text: 'three.' },
    ]);
    expect(events[3]).toMatchObject({
      kind: 'end',
      completion: {
        text: 'One two three.',
        finishReason: 'STOP',
        usage: { inputTokens: 120, outputTokens: 30 },
      },
    });
  });

  test('ask a compatible server for its numbers', async () => {
    await read(opened.calls.stream(opened.call()));
    expect(fake.requests[0]?.body.stream_options).toEqual({ include_usage: true });
  });

  test.each([401, 500])('a %d before the first delta is an error and no empty text', async (status) => {
    fake.otherwise({ kind: 'error', status });
    const { code } = await failure(read(opened.calls.stream(opened.call())));
    expect(code).toBe(status === 401 ? 'AI_AUTH_FAILED' : 'AI_UPSTREAM_ERROR');
  });

  test('a failure before the first delta goes to the next target', async () => {
    fake.next({ kind: 'error', status: 401 }, { kind: 'text', text: 'Two.' });
    const events = await read(opened.calls.stream(opened.call()));
    expect([asked(), events.length]).toEqual([['one', 'two'], 2]);
  });

  test('a cut after the first delta is an error, nothing else is tried, and what came is charged', async () => {
    fake.next({ kind: 'cut', text: 'One two three four', after: 2 });
    const seen: StreamEvent[] = [];
    const events = opened.calls.stream(opened.call());
    const { code } = await failure(
      (async () => {
        for await (const event of events) seen.push(event);
      })(),
    );
    expect([asked(), code, seen.length]).toEqual([['one'], 'AI_STREAM_INTERRUPTED', 2]);
    expect(opened.ended[0]?.usage).toMatchObject({ estimated: true, outputTokens: 2 });
  });

  test('a cut before the first delta is asked again', async () => {
    fake.next({ kind: 'cut', text: 'One two', after: 0 }, { kind: 'text', text: 'Again.' });
    const events = await read(opened.calls.stream(opened.call()));
    expect([asked(), events[0]]).toEqual([['one', 'one'], { kind: 'delta', text: 'Again.' }]);
  });

  test('a stall ends at the idle deadline with an error, not as a whole answer', async () => {
    opened.configure(twoTargets(fake.origin, '    timeouts: { idle_ms: 50 }'));
    fake.next({ kind: 'stall', text: 'One two three', after: 2 });
    const { extensions } = await failure(read(opened.calls.stream(opened.call())));
    expect([asked(), extensions]).toEqual([
      ['one'],
      expect.objectContaining({ code: 'AI_TIMEOUT', phase: 'IDLE' }),
    ]);
    await fake.requests[0]?.aborted;
  });

  test('a first token that does not come is waited for so long, then the next target is asked', async () => {
    opened.configure(twoTargets(fake.origin, '    timeouts: { first_token_ms: 50 }'));
    fake.next({ kind: 'hang' }, { kind: 'stall', text: 'One', after: 0 }, { kind: 'text', text: 'Two.' });
    const events = await read(opened.calls.stream(opened.call()));
    expect([asked(), events.length]).toEqual([['one', 'one', 'two'], 2]);
    expect(events[1]).toMatchObject({ completion: { attempts: [{ errorCode: 'AI_TIMEOUT' }, {}, {}] } });
  });

  test('a reader who leaves closes the provider’s connection, and what came is charged', async () => {
    fake.next({ kind: 'stall', text: 'One two three', after: 2 });
    const events = opened.calls.stream(opened.call());
    for await (const _ of events) break;
    await fake.requests[0]?.aborted;
    expect(opened.ended[0]?.usage).toMatchObject({ estimated: true, outputTokens: 1 });
    expect(await opened.money.ledger.usage({ groupBy: [], tenant: null })).toMatchObject({
      total: { calls: 1, failed: 1 },
    });
  });

  test('a rule over the answer sees it whole before anybody sees a part', async () => {
    fake.next({ kind: 'text', text: 'Write to ann@example.com today.' });
    const events = await read(opened.calls.stream(opened.call({ guardrails: ['mask_pii'] })));
    expect(events.map((event) => event.kind)).toEqual(['delta', 'end']);
    expect(events[0]).toEqual({ kind: 'delta', text: 'Write to [EMAIL] today.' });
  });

  test('a streamed and an unstreamed call cost the same', async () => {
    const yaml = `
providers: { openai: { kind: openai, base_url: "${fake.origin}/v1", key_env: KEY } }
aliases: { default: { targets: [openai/gpt-5-mini] } }`;
    opened.configure(yaml, { KEY: 'sk-x' });
    const [end] = (await read(opened.calls.stream(opened.call()))).slice(-1);
    const { cost, usage } = await opened.calls.complete(opened.call());
    expect(end).toMatchObject({ completion: { cost, usage } });
    expect(cost).toMatchObject({ source: 'CATALOG', nanoUsd: expect.any(Number) });
  });
});
