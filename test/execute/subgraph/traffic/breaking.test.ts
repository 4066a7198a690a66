import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../../gateway/errors.ts';
import { ExchangeEnded } from '../../../../gateway/execute/subgraph/exchange.ts';
import { breaking, circuitBreakerOf } from '../../../../gateway/execute/subgraph/traffic/breaking.ts';
import type { ReceivedAnswer } from '../../../../gateway/execute/subgraph/traffic/receivedAnswer.ts';
import {
  answerUnderTest,
  callUnderTest,
  outcomeUnderTest,
  policyUnderTest,
} from '../../../support/callUnderTest.ts';

const options = {
  requestThreshold: 2,
  errorThresholdPercent: 50,
  rollingDurationMs: 60_000,
  numBuckets: 10,
  sleepWindowMs: 30_000,
  halfOpenAttempts: 5,
  requiredSuccessful: 3,
};

describe('circuit breaker: what counts', () => {
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  test.each<[string, () => Promise<ReceivedAnswer>, boolean]>([
    ['a 500', async () => answerUnderTest(500), true],
    ['a 503', async () => answerUnderTest(503), true],
    ['no answer', () => Promise.reject(reset), true],
    ['no answer in time', () => Promise.reject(new ExchangeEnded('deadline')), true],
    ['a success', async () => answerUnderTest(), false],
    ['a 429', async () => answerUnderTest(429), false],
    ['a client that went away', () => Promise.reject(new ExchangeEnded('clientGone')), false],
    ['an answer that is too large', () => Promise.reject(new ExchangeEnded('tooLarge')), false],
    [
      'what was not sent',
      () => Promise.reject(new GatewayError('REQUEST_CONCURRENCY_LIMITED', { status: null })),
      false,
    ],
  ])('%s', async (_what, next, opens) => {
    const { context, lines } = policyUnderTest();
    const send = breaking(circuitBreakerOf(options, context), context)(next);
    for (let count = 0; count < 3; count += 1) await outcomeUnderTest(send(callUnderTest()));
    expect(lines).toEqual(opens ? ['circuit breaker open: too many requests have failed'] : []);
  });
});

describe('circuit breaker: a call that is refused', () => {
  test('fails with its own code, names no address, and is not sent', async () => {
    const { context, measured } = policyUnderTest();
    let sent = 0;
    const send = breaking(
      circuitBreakerOf(options, context),
      context,
    )(async () => {
      sent += 1;
      return answerUnderTest(500);
    });
    for (let count = 0; count < 2; count += 1) await send(callUnderTest());
    const error = await send(callUnderTest()).catch((thrown: unknown) => thrown);
    expect([sent, (error as GatewayError).message, (error as GatewayError).extensions]).toEqual([
      2,
      "No request sent to 'reviews': its circuit breaker is open",
      {
        code: 'SUBGRAPH_CIRCUIT_BREAKER_REJECTED',
        service: 'reviews',
        reason: 'its circuit breaker is open',
      },
    ]);
    expect([
      measured('tributary.subgraph.circuit_breaker.state'),
      measured('tributary.subgraph.circuit_breaker.short_circuits'),
      measured('tributary.subgraph.circuit_breaker.changes'),
    ]).toEqual([{ reviews: { count: 1 } }, { reviews: { count: 1 } }, { 'reviews open': { count: 1 } }]);
  });
});
