import { describe, expect, test } from '@jest/globals';
import { compose } from '../../gateway/supergraph/compose.ts';

const subgraphs = [{ name: 'a', url: 'http://a.test', sdl: 'type Query { a: Int }' }];

describe('supergraph: compose in a thread', () => {
  test('answers what the thread composed', async () => {
    await expect(compose(subgraphs, { timeoutMs: 30_000 })).resolves.toMatchObject({
      kind: 'composed',
      hints: [],
    });
  });

  test('leaves the event loop free', async () => {
    // Composing in this thread would be one gap as long as the composition; a timer of 20 ms is the probe.
    const many = Array.from({ length: 150 }, (_, i) => ({
      name: `s${i}`,
      url: `http://s${i}.test`,
      sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
        type Query { q${i}: T } type T @key(fields: "id") { id: ID! f${i}: Int }`,
    }));
    let longestMs = 0;
    let last = performance.now();
    const probe = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }, 20);
    const startedAt = performance.now();
    await compose(many, { timeoutMs: 120_000 });
    const composedInMs = performance.now() - startedAt;
    clearInterval(probe);

    expect(longestMs).toBeLessThan(composedInMs / 2);
  });

  test('ends a composition that passes its deadline', async () => {
    await expect(compose(subgraphs, { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'COMPOSITION_FAILED',
      message: expect.stringContaining('took longer than 1 ms'),
    });
  });

  test('ends a composition whose caller has stopped', async () => {
    const stopped = AbortSignal.abort(new Error('stopping'));

    await expect(compose(subgraphs, { timeoutMs: 30_000, signal: stopped })).rejects.toMatchObject({
      code: 'COMPOSITION_FAILED',
    });
  });
});
