import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { x } from '../gateway/errors.ts';

test('a TypeScript worker starts inside jest', async () => {
  const worker = new Worker(new URL('./support/w.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  const answer = await new Promise((resolve, reject) =>
    worker.once('message', resolve).once('error', reject),
  );
  expect(answer).toBe(x);
});
