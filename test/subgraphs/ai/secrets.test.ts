import diagnosticsChannel from 'node:diagnostics_channel';
import type net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { onlyTo } from '../../../subgraphs/ai/call/onlyTo.ts';
import { type FakeProviders, startFakeProviders } from './fakeProviders.ts';
import { oneProvider, openAiForTest, type TestAi, withKey } from './openAiForTest.ts';

const key = withKey.FAKE_KEY;
let fake: FakeProviders;
let ai: TestAi;

beforeAll(async () => {
  fake = await startFakeProviders();
  ai = await openAiForTest({ models: oneProvider(fake.origin), environment: withKey });
});
afterAll(async () => {
  await ai.close();
  await fake.close();
});

describe('ai: keys never leave the subgraph', () => {
  /** The far end says the key and the prompt back, as providers' messages do. */
  const body = {
    error: { message: `Incorrect API key provided: ${key}. Prompt: planted-prompt`, code: 'invalid_api_key' },
  };

  test.each([400, 401, 403, 404, 429, 500])('not with a %d of the provider', async (status) => {
    ai.log.length = 0;
    fake.otherwise({ kind: 'error', status, body, headers: { 'x-echo': key } });
    const answer = await ai.ask('{ complete(input: { prompt: "planted-prompt" }) { text } }');
    const said = JSON.stringify(answer) + ai.log.join('\n');
    expect(answer.errors?.length).toBe(1);
    for (const secret of [key, 'planted-prompt', fake.origin]) expect(said).not.toContain(secret);
  });

  test('nor with a connection that is cut', async () => {
    ai.log.length = 0;
    fake.otherwise({ kind: 'reset' });
    const answer = await ai.ask('{ triageTicket(text: "planted-prompt") { topic } }');
    const said = JSON.stringify(answer) + ai.log.join('\n');
    for (const secret of [key, 'planted-prompt', fake.origin]) expect(said).not.toContain(secret);
  });

  test('nor in what the configuration shows', async () => {
    const answer = await ai.ask('{ models { alias targets { model health } } __schema { types { name } } }');
    expect(JSON.stringify(answer)).not.toContain(key);
  });

  test('it goes to the provider, in its header only', async () => {
    const other = await openAiForTest({ models: oneProvider(fake.origin), environment: withKey });
    fake.reset();
    await other.ask('{ complete(input: { prompt: "Hi" }) { text } }');
    await other.close();
    const [request] = fake.requests;
    expect(request?.headers.authorization).toBe(`Bearer ${key}`);
    expect(`${request?.path}${JSON.stringify(request?.body)}`).not.toContain(key);
  });

  test('the log names the provider’s fault by a word of it', async () => {
    const other = await openAiForTest({ models: oneProvider(fake.origin), environment: withKey });
    fake.otherwise({ kind: 'error', status: 401, body });
    await other.ask('{ complete(input: { prompt: "Hi" }) { text } }');
    await other.close();
    const line = other.log.find((text) => text.includes('a provider refused a call')) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      model: 'none/big',
      fault: 'AUTH',
      providerCode: 'invalid_api_key',
    });
  });
});

describe('ai: nothing leaves for a server that is not configured', () => {
  test('a fetch for a provider goes to that provider only', async () => {
    const fetchOnly = onlyTo(`${fake.origin}/v1`);
    await expect(fetchOnly('http://127.0.0.1:9/v1/models')).rejects.toThrow('not configured');
    await expect(fetchOnly(new URL('https://ai-gateway.vercel.sh/v1'))).rejects.toThrow('not configured');
  });

  test('a redirect is not followed', async () => {
    fake.otherwise({ kind: 'error', status: 307, headers: { location: 'http://127.0.0.1:9/' } });
    const { errors } = await ai.ask('{ complete(input: { prompt: "Hi" }) { text } }');
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'AI_UPSTREAM_ERROR' });
  });

  test('every connection of every provider’s package is to the configured server', async () => {
    // connections to a server that was asked before would be used again, and not be seen
    const far = await startFakeProviders();
    const hosts: string[] = [];
    const onSocket = (message: unknown): void => {
      const { socket } = message as { socket: net.Socket };
      socket.once('connect', () => hosts.push(`${socket.remoteAddress}:${socket.remotePort}`));
      socket.once('lookup', (_error, _address, _family, host) => hosts.push(host));
    };
    diagnosticsChannel.subscribe('net.client.socket', onSocket);
    const kinds = ['openai', 'anthropic', 'mistral', 'google', 'compatible', 'ollama'];
    const all = await openAiForTest({
      models: `
providers:
${kinds.map((kind) => `  ${kind}: { kind: ${kind}, base_url: "${far.origin}/v1", key_env: FAKE_KEY, discover: false }`).join('\n')}
aliases:
  fast: { targets: [openai/x] }
  default: { targets: [openai/x] }
${kinds.map((kind) => `  a-${kind}: { targets: [${kind}/x] }`).join('\n')}`,
      // what the packages would take from the environment by themselves
      environment: { ...withKey, AI_GATEWAY_API_KEY: 'x', OPENAI_BASE_URL: 'http://127.0.0.2:9/v1' },
    });
    for (const kind of kinds)
      await all.ask(`{ complete(input: { prompt: "Hi", model: "a-${kind}" }) { text } }`);
    await all.close();
    diagnosticsChannel.unsubscribe('net.client.socket', onSocket);
    await far.close();
    expect([far.requests.length >= kinds.length, new Set(hosts)]).toEqual([
      true,
      new Set([far.origin.slice('http://'.length)]),
    ]);
  });
});
