import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { LocalEngine } from '../../../../subgraphs/ai/local/contract.ts';
import { type LocalEngineOptions, openLocalEngine } from '../../../../subgraphs/ai/local/localEngine.ts';

let engine: LocalEngine;
let lost: string[] = [];
afterEach(() => engine.close());

/** An engine whose thread does what the texts say; see `stubThread.ts`. */
function open(options: LocalEngineOptions = {}): LocalEngine {
  lost = [];
  engine = openLocalEngine({
    thread: new URL('./stubThread.js', import.meta.url),
    graceMs: 0,
    onThreadLost: (reason) => lost.push(reason.message),
    ...options,
  });
  return engine;
}

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (answer) => answer,
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );
const languageOf = async (text: string) => (await engine.language(text)).language;

describe('local engine: calls', () => {
  test('go to one thread, each to its own answer', async () => {
    open();
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => engine.language(text)));
    expect([
      answers.map((answer) => answer.language),
      new Set(answers.map((answer) => (answer as unknown as { threadId: number }).threadId)).size,
    ]).toEqual([['a', 'b', 'c'], 1]);
  });

  test.each<[string, LocalEngineOptions]>([
    ['beyond their number', { maxPending: 2 }],
    ['beyond the length of their texts', { maxPendingCharacters: 11 }],
  ])('%s are refused', async (_what, options) => {
    open(options);
    const waiting = [engine.language('wait'), engine.language('wait')].map(codeOf);
    expect(await codeOf(engine.language('echo'))).toBe('QUEUE_FULL');
    await engine.close();
    await Promise.all(waiting);
  });

  test('past their time are refused, and the thread goes on', async () => {
    open();
    const late = await codeOf(engine.language('wait', { timeoutMs: 50 }));
    expect([late, await languageOf('echo'), lost]).toEqual(['TIMEOUT', 'echo', []]);
  });

  test('whose signal is aborted are given up', async () => {
    open();
    const controller = new AbortController();
    const call = codeOf(engine.language('wait', { signal: controller.signal }));
    controller.abort();
    expect([await call, await codeOf(engine.language('echo', { signal: controller.signal }))]).toEqual([
      'ABORTED',
      'ABORTED',
    ]);
  });

  test('after the close are refused, those under way as well when the grace is over', async () => {
    open();
    const call = codeOf(engine.language('wait'));
    await engine.close();
    expect([await call, await codeOf(engine.language('echo'))]).toEqual(['CLOSED', 'CLOSED']);
  });

  test('under way are answered within the grace of the close', async () => {
    open({ graceMs: 10_000 });
    const call = languageOf('echo');
    await engine.close();
    expect(await call).toBe('echo');
  });
});

describe('local engine: the thread', () => {
  test('is replaced when it crashes, and calls under way are sent again', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tributary-local-'));
    const file = path.join(folder, 'crashed');
    open();
    const answers = await Promise.all([languageOf(`crash once ${file}`), languageOf('echo')]);
    expect([existsSync(file), answers, lost]).toEqual([
      true,
      [`crash once ${file}`, 'echo'],
      ['The thread ended with 1.'],
    ]);
    rmSync(folder, { recursive: true });
  });

  test('is not given a call a third time', async () => {
    open();
    expect([await codeOf(engine.language('crash')), lost.length, await languageOf('echo')]).toEqual([
      'UNAVAILABLE',
      2,
      'echo',
    ]);
  });

  test('is replaced when it hangs', async () => {
    open({ stuckAfterMs: 50 });
    const hanging = await codeOf(engine.language('hang', { timeoutMs: 50 }));
    expect([hanging, await languageOf('echo'), lost]).toEqual([
      'TIMEOUT',
      'echo',
      ['The thread does not answer.'],
    ]);
  });

  test('ends when it was idle, and starts again', async () => {
    open({ idleAfterMs: 0 });
    const threadOf = async () =>
      ((await engine.language('echo')) as unknown as { threadId: number }).threadId;
    const first = await threadOf();
    // a timer that was set later and for longer comes after the engine's
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(await threadOf()).not.toBe(first);
  });

  test('that cannot be loaded is an unavailable engine', async () => {
    open({ thread: new URL('./noSuchThread.js', import.meta.url) });
    expect(await codeOf(engine.language('echo'))).toBe('UNAVAILABLE');
  });
});

describe('local engine: input', () => {
  const label = (value: string, description: string | null = value) => ({ value, description });

  test.each<[string, (it: LocalEngine) => Promise<unknown>, string]>([
    ['an empty text', (it) => it.language(''), 'BAD_INPUT'],
    ['a text of spaces', (it) => it.embed(['a', ' \n ']), 'BAD_INPUT'],
    ['a text of 50 001 characters', (it) => it.summarize('a'.repeat(50_001), 1), 'BAD_INPUT'],
    ['1001 texts', (it) => it.embed(Array.from({ length: 1_001 }, () => 'a')), 'BAD_INPUT'],
    [
      '200 001 characters in all',
      (it) =>
        it.rank(
          'a',
          Array.from({ length: 8 }, () => 'a'.repeat(25_000)),
        ),
      'BAD_INPUT',
    ],
    ['one label', (it) => it.classify('a', [label('A')]), 'UNSUPPORTED'],
    [
      'nine labels',
      (it) =>
        it.classify(
          'a',
          [...'ABCDEFGHI'].map((it) => label(it)),
        ),
      'UNSUPPORTED',
    ],
    [
      'a label without a description',
      (it) => it.classify('a', [label('A'), label('B', null)]),
      'UNSUPPORTED',
    ],
  ])('%s is refused', async (_what, call, code) => {
    expect(await codeOf(call(open()))).toBe(code);
  });
});
