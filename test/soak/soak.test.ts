import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { problemOf, soakRequest } from './soakRequest.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('soak: a run', () => {
  test('of a few seconds ends well, and prints what was asked and what is left', async () => {
    const args = '--import tsx test/soak/soak.ts --seconds 6 --clients 4 --seed 7 --main gateway/main.ts';
    const run = spawn(process.execPath, args.split(' '), { cwd: root });
    const [printed, exitCode] = await Promise.all([
      text(run.stdout),
      new Promise((resolve) => run.once('exit', resolve)),
    ]);
    const wanted = [
      /^seed 7: 6 s, 4 clients, engine compiled$/m,
      /^mutations: [1-9]\d*, of which 0 were sent more than once$/m,
      /^live memory: [\d.]+ MB at the start/m,
      /^files and sockets: \d+ at the start, at most \d+, \d+ at rest$/m,
      /^nothing failed$/m,
    ];
    expect(wanted.filter((line) => !line.test(printed)).map((line) => [line, printed])).toEqual([]);
    expect(exitCode).toBe(0);
  }, 120_000);
});

describe('soak: requests', () => {
  test('follow from the seed and their number', () => {
    const [one, again, other] = [soakRequest(1, 5), soakRequest(1, 5), soakRequest(2, 5)];
    expect([one, JSON.stringify(one) === JSON.stringify(other)]).toEqual([again, false]);
  });
});

describe('soak: an answer', () => {
  const request = { ...soakRequest(1, 1), kind: 'root' as const, fault: undefined };
  const items = [
    { upc: 'p1', name: 'Tea' },
    { upc: 'p2', name: 'Cup' },
  ];
  const whole = { status: 200, data: { items, latest: 'Fine' }, errors: [] };
  const refused = {
    status: 200,
    data: { items, latest: null },
    errors: [{ message: '', path: ['latest'], extensions: { code: 'SUBREQUEST_HTTP_ERROR' } }],
  };

  test('is right when it is whole', () => {
    expect(problemOf(request, whole, false)).toBeUndefined();
  });

  test('is right without what a subgraph had while it was away, and only then', () => {
    expect([problemOf(request, refused, true), typeof problemOf(request, refused, false)]).toEqual([
      undefined,
      'string',
    ]);
  });

  test.each([
    ['a status of failure', { ...whole, status: 500 }],
    ['data of others that is lost', { ...refused, data: null }],
    [
      'another code',
      { ...refused, errors: [{ message: '', path: ['latest'], extensions: { code: 'OTHER' } }] },
    ],
    ['another path', { ...refused, errors: [{ ...refused.errors[0], message: '', path: ['items'] }] }],
    ['data that is missing without an error', { ...refused, errors: [] }],
  ])('is wrong with %s', (_what, answer) => {
    expect(typeof problemOf(request, answer, true)).toBe('string');
  });
});
