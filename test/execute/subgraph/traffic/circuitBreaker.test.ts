import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  type BreakerPhase,
  CircuitBreaker,
  type CircuitBreakerOptions,
} from '../../../../gateway/execute/subgraph/traffic/circuitBreaker.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** The defaults of Cosmo Router. */
const defaults: CircuitBreakerOptions = {
  requestThreshold: 20,
  errorThresholdPercent: 50,
  rollingDurationMs: 60_000,
  numBuckets: 10,
  sleepWindowMs: 30_000,
  halfOpenAttempts: 5,
  requiredSuccessful: 3,
};

interface BreakerUnderTest {
  /** One call after another: `-` fails, `+` succeeds, `o` is ignored. Gives them back, with `x` for those that are refused. */
  calls(text: string): string;
  readonly changes: readonly BreakerPhase[];
  readonly breaker: CircuitBreaker;
}

function breakerOf(options: Partial<CircuitBreakerOptions> = {}): BreakerUnderTest {
  const changes: BreakerPhase[] = [];
  const breaker = new CircuitBreaker({ ...defaults, ...options }, (phase) => void changes.push(phase));
  const call = (sign: string): string => {
    const pass = breaker.enter();
    if (pass === undefined) return 'x';
    breaker.leave(pass, sign === '+' ? 'ok' : sign === '-' ? 'failed' : 'ignored');
    return sign;
  };
  return { breaker, changes, calls: (text) => Array.from(text, call).join('') };
}

const pass = (ms: number): void => void jest.advanceTimersByTime(ms);

// what Cosmo's `router-tests/circuit_breaker_test.go` asserts of the same numbers
describe('circuit breaker: vectors of Cosmo Router', () => {
  test('opens with the request that reaches the request threshold, and refuses the next', () => {
    const { calls, changes } = breakerOf({ requestThreshold: 2 });
    expect([calls('-'), [...changes], calls('--'), changes]).toEqual(['-', [], '-x', ['open']]);
  });

  test('opens when 7 of 10 have failed and the error threshold is 70 %', () => {
    const { calls, changes } = breakerOf({ requestThreshold: 10, errorThresholdPercent: 70 });
    expect([calls('+++------'), [...changes], calls('--')]).toEqual(['+++------', [], '-x']);
  });

  test('is half open after the sleep window: a failure opens it again, and a success closes it', () => {
    const { calls, changes } = breakerOf({
      requestThreshold: 10,
      errorThresholdPercent: 70,
      halfOpenAttempts: 2,
      requiredSuccessful: 1,
      sleepWindowMs: 2_000,
    });
    expect(calls('+++---------')).toBe('+++-------xx');
    pass(2_100);
    expect(calls('--')).toBe('-x');
    pass(2_100);
    expect([calls('++'), changes]).toEqual(['++', ['open', 'half_open', 'open', 'half_open', 'closed']]);
  });

  test('closes over several sleep windows where one has fewer attempts than successes are required', () => {
    const { calls, breaker } = breakerOf({
      requestThreshold: 10,
      halfOpenAttempts: 2,
      requiredSuccessful: 3,
      sleepWindowMs: 2_000,
    });
    calls('----------');
    pass(2_100);
    expect([calls('+++'), breaker.phase]).toEqual(['++x', 'half_open']);
    pass(2_100);
    expect([calls('+'), breaker.phase]).toEqual(['+', 'closed']);
  });

  test('forgets by buckets: a success is out of the window when its bucket is', () => {
    const { calls, breaker } = breakerOf({
      requestThreshold: 5,
      errorThresholdPercent: 90,
      rollingDurationMs: 10_000,
      numBuckets: 5,
    });
    const phases = Array.from('--+-----', (sign) => {
      pass(2_000);
      calls(sign);
      return breaker.phase;
    });
    expect(phases).toEqual([...Array(7).fill('closed'), 'open']);
  });
});

describe('circuit breaker', () => {
  test('does not open below the request threshold, however many fail', () => {
    const below = `${'-'.repeat(19)}++`;
    expect(breakerOf().calls(below)).toBe(below);
  });

  test('does not open below the error threshold, however many there are', () => {
    const { calls, changes } = breakerOf();
    calls('++-'.repeat(200));
    expect(changes).toEqual([]);
  });

  // cep21/circuit, `closers/hystrix/opener_test.go`: what was interrupted is ignored
  test('does not count clients that went away', () => {
    const { calls, changes } = breakerOf({ requestThreshold: 3 });
    calls('--oooooo');
    expect([changes.length, calls('-'), changes]).toEqual([0, '-', ['open']]);
  });

  test('gives the attempt of a client that went away to another', () => {
    const { calls } = breakerOf({ requestThreshold: 1, halfOpenAttempts: 1, requiredSuccessful: 1 });
    calls('-');
    pass(30_000);
    expect(calls('ooo+')).toBe('ooo+');
  });

  test('does not let more through at a time than it has attempts', () => {
    const { calls, breaker } = breakerOf({ requestThreshold: 1 });
    calls('-');
    pass(30_000);
    const passes = Array.from({ length: 8 }, () => breaker.enter());
    expect(passes.map((each) => each !== undefined)).toEqual([
      ...Array(5).fill(true),
      ...Array(3).fill(false),
    ]);
  });

  test('is not changed by calls from before its last change', () => {
    const { calls, breaker } = breakerOf({ requestThreshold: 1, requiredSuccessful: 1 });
    const late = [breaker.enter(), breaker.enter()] as number[];
    calls('-');
    breaker.leave(late[0] ?? 0, 'ok');
    pass(30_000);
    const attempt = breaker.enter() ?? 0;
    breaker.leave(late[1] ?? 0, 'failed');
    expect(breaker.phase).toBe('half_open');
    breaker.leave(attempt, 'ok');
    expect(breaker.phase).toBe('closed');
  });

  test('begins anew once it has closed', () => {
    const { calls } = breakerOf({ requestThreshold: 2, requiredSuccessful: 1 });
    calls('--');
    pass(30_000);
    expect(calls('+-+-')).toBe('+-+-');
  });

  test('forgets all after a pause that is longer than the window', () => {
    const { calls, changes } = breakerOf({ requestThreshold: 3 });
    calls('--');
    pass(600_000);
    expect([calls('--'), changes]).toEqual(['--', []]);
  });
});
