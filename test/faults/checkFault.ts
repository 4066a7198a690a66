import { expect } from '@jest/globals';
import { type FaultHarness, harnessTimeoutMs, type Seen } from './faultHarness.ts';
import type { ExpectedAnswer, Fault } from './faults.ts';
import { type AskKind, askKinds, dataWithout, placeOf, wholeData } from './faultyGraph.ts';
import { operatorRows } from './operatorTable.ts';
import type { Policy } from './policies.ts';

/** One fault, as it was shown to a client that asked in one way; and what came of the same question right after it. */
export interface Shown {
  readonly kind: AskKind;
  readonly fault: Fault;
  readonly expected: ExpectedAnswer;
  readonly seen: Seen;
  /** `undefined` where another way to meet the fault has it. */
  readonly after: Seen | undefined;
}

/** A machine that does other things too is late by this much. */
const LATE_MS = 2_000;

/** One way to meet a fault, and what the client sees then. */
export type Showing = Pick<Shown, 'kind' | 'fault' | 'expected'> & { readonly asksAgain: boolean };

/** Every way in which the faults are met under a policy. */
export function showings(
  faults: readonly Fault[],
  { sees, transport = 'http1', isEngine }: Pick<Policy, 'sees' | 'transport' | 'isEngine'>,
): readonly Showing[] {
  const able = faults.filter(({ over = transport }) => over === transport);
  return able.flatMap((fault) =>
    askKinds.flatMap((kind) => {
      const expected = fault.sees[kind];
      return expected === undefined
        ? []
        : [
            {
              kind,
              fault,
              expected: sees?.(fault, kind, expected) ?? expected,
              asksAgain:
                isEngine === true || kind === askKinds.find((each) => fault.sees[each] !== undefined),
            },
          ];
    }),
  );
}

/** Shows a fault to a client. */
export async function show(harness: FaultHarness, showing: Showing): Promise<Shown> {
  const { kind, fault, expected, asksAgain } = showing;
  const seen = await harness.ask(kind, { fault });
  return { kind, fault, expected, seen, after: asksAgain ? await harness.ask(kind) : undefined };
}

/** The whole of what is required of every fault. */
export function expectRequired(
  { kind, fault, expected, seen, after }: Shown,
  { harness, policy }: { readonly harness: FaultHarness; readonly policy: Policy },
): void {
  const { data = dataWithout[kind], errors } = expected;
  // one subgraph never decides on the status of the whole, and takes nothing from the others
  expect([seen.status, seen.data]).toEqual([200, data]);
  expect(
    seen.errors.map(({ path = null, extensions: { code, http } = {} }) => ({
      code,
      path,
      status: (http as { status?: number } | undefined)?.status,
    })),
  ).toEqual(errors.map(({ code, path = placeOf[kind], status }) => ({ code, path, status })));
  expect(leaksOf(seen.text, harness)).toEqual([]);
  expect(seen.tookMs).toBeLessThan((fault.lastsUntilDeadline === true ? harnessTimeoutMs : 0) + LATE_MS);
  if (fault.lastsUntilDeadline === true) expect(seen.tookMs).toBeGreaterThan(harnessTimeoutMs - 5);
  expect(seen.sent).toBeGreaterThanOrEqual(1);
  expect(seen.sent).toBeLessThanOrEqual(kind === 'mutation' ? 1 : (policy.mostSent ?? 2));
  expect(seen.logged.map(({ level, subgraph }) => [level, subgraph])).toEqual(
    operatorRows[fault.row].isLogged ? [['warn', 'reviews']] : [],
  );
  if (after !== undefined) {
    expect([after.status, after.data, after.errors]).toEqual([200, wholeData[kind], []]);
  }
}

/** What no client may read: addresses, the words of libraries, places in the code. */
export function leaksOf(text: string, { reviews }: FaultHarness): readonly string[] {
  const hidden = [
    '127.0.0.1',
    'localhost',
    'http://',
    String(reviews.port),
    'ECONN',
    'UND_ERR',
    'node_modules',
    '/srv/',
    '.ts:',
    '.js:',
    'stack',
    'forged',
    'nobody asked',
    'polluted',
    'first"',
  ];
  return hidden.filter((secret) => text.includes(secret));
}
