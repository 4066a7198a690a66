import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { compareAnswers } from './compareAnswers.ts';
import { enginesUnderTest } from './enginesUnderTest.ts';
import { GraphCase } from './graphCase.ts';
import { knownDifference, knownDifferences } from './knownDifferences.ts';
import { failureText, type StoredCase } from './reportFailure.ts';
import { runSeeds } from './runSeeds.ts';
import { type Failure, shrinkCase } from './shrinkCase.ts';
import { SubgraphServer } from './subgraphServer.ts';

// The bounded run. Another one: FUZZ_SEED=7 FUZZ_CASES=2000 npm run test:jest -- test/differential
const firstSeed = Number(process.env.FUZZ_SEED ?? 0);
const cases = Number(process.env.FUZZ_CASES ?? 125);

const server = new SubgraphServer();
beforeAll(() => server.listen());
afterAll(() => server.close());

describe('differential: engines against plain graphql-js', () => {
  test(
    `${cases} random cases from seed ${firstSeed} are answered as the oracle answers`,
    async () => {
      const failures: { readonly failure: Failure; readonly seed: number }[] = [];
      await runSeeds({
        server,
        engines: enginesUnderTest,
        firstSeed,
        cases,
        onFailure: (failure, seed) => failures.push({ failure, seed }) < 3,
      });
      const reports = await Promise.all(failures.map(report));
      if (reports.length > 0) throw new Error(reports.join(`\n\n${'='.repeat(80)}\n\n`));
    },
    30_000 + cases * 500,
  );
});

async function report({ failure, seed }: { failure: Failure; seed: number }): Promise<string> {
  const engine = enginesUnderTest.find(({ name }) => name === failure.outcome.engine);
  if (engine === undefined) return failureText(failure, seed);
  return failureText(await shrinkCase(failure, { server, engine, budgetMs: 8_000 }), seed);
}

const found = new URL('./found/', import.meta.url);
const stored = readdirSync(found)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, one: JSON.parse(readFileSync(new URL(file, found), 'utf8')) as StoredCase }));

describe('differential: cases that were found', () => {
  test.each(stored)('$file: $one.what', async ({ one }) => {
    const { model, dataSeed, rates, variables } = one;
    const graph = await GraphCase.start(model, server, enginesUnderTest);
    if (!(graph instanceof GraphCase)) throw new Error(`It does not compose any more: ${graph.join('; ')}`);
    const operation = { document: parse(one.operation), variables };
    const outcomes = await graph.run({ operation, dataSeed, rates });
    await graph.close();

    expect(outcomes[0]?.expected).toEqual(one.expected);
    const failures = outcomes
      .filter(({ differences }) => differences.length > 0)
      .map((outcome) => ({ model, case: { operation, dataSeed, rates }, outcome }))
      .filter((failure) => knownDifference(failure) === undefined);
    expect(failures.map((failure) => failureText(failure, one.what))).toEqual([]);
  });
});

describe('differential: the harness itself', () => {
  test('every known difference says why the oracle is right', () => {
    for (const { reason } of knownDifferences) expect(reason.length).toBeGreaterThan(40);
  });

  const expected = {
    data: '{"a":{"x":1,"y":null},"b":[null,2]}',
    errors: [
      { message: 'Failed: T.y', path: ['a', 'y'] },
      { message: 'Failed: T.z', path: ['b', 0, 'z'] },
    ],
  };
  const kinds = (actual: Parameters<typeof compareAnswers>[0]) =>
    compareAnswers(actual, expected).map(({ kind }) => kind);

  test('finds no difference in the same answer', () => {
    expect(kinds(expected)).toEqual([]);
  });

  test('lets another sibling under the same nulled parent be reported', () => {
    const [first] = expected.errors;
    const sibling = { message: 'Cannot return null for non-nullable field T.w.', path: ['b', 0, 'w'] };
    expect(kinds({ ...expected, errors: [first, sibling].flatMap((error) => error ?? []) })).toEqual([]);
  });

  test('catches a dropped error', () => {
    expect(kinds({ ...expected, errors: expected.errors.slice(1) })).toEqual(['missing error']);
  });

  test('catches a dropped error that took its parent with it', () => {
    expect(kinds({ ...expected, errors: expected.errors.slice(0, 1) })).toEqual(['missing error']);
  });

  test('catches an error at another index of a list', () => {
    const errors = expected.errors.map((error) => ({
      ...error,
      path: error.path.map((step) => (step === 0 ? 1 : step)),
    }));
    expect(kinds({ ...expected, errors })).toEqual(['missing error', 'unexpected error']);
  });

  test('catches another message', () => {
    const errors = expected.errors.map((error) => ({ ...error, message: 'Failed: T.other' }));
    expect(kinds({ ...expected, errors })).toEqual(['wrong message']);
  });

  test('catches a subgraph that was asked for the wrong thing under a nulled parent', () => {
    const [first] = expected.errors;
    const asked = { message: 's1 was asked for T.z, which it does not resolve', path: ['b', 0, 'z'] };
    expect(kinds({ ...expected, errors: [first, asked].flatMap((error) => error ?? []) })).toEqual([
      'wrong message',
    ]);
  });

  test('catches two keys that changed places', () => {
    expect(kinds({ ...expected, data: '{"a":{"y":null,"x":1},"b":[null,2]}' })).toEqual(['key order']);
  });

  test('catches an alias that is answered under the name of the field', () => {
    expect(kinds({ ...expected, data: '{"a":{"field":1,"y":null},"b":[null,2]}' })).toEqual(['data']);
  });
});
