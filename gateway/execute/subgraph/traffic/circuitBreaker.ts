import { RollingSum } from './rollingSum.ts';

export interface CircuitBreakerOptions {
  /** It does not open before so many calls have ended within the rolling duration. */
  readonly requestThreshold: number;
  /** It opens when so many of them have failed, in percent. */
  readonly errorThresholdPercent: number;
  readonly rollingDurationMs: number;
  /** The rolling duration is forgotten in so many steps. */
  readonly numBuckets: number;
  /** How long it refuses all calls before it lets some through. */
  readonly sleepWindowMs: number;
  /** So many are let through then, in each sleep window. */
  readonly halfOpenAttempts: number;
  /** So many of them have to succeed, one after another, for it to close. */
  readonly requiredSuccessful: number;
}

export type BreakerPhase = 'closed' | 'open' | 'half_open';

/** A call that was let through, for `leave`. It counts only while the phase is the one that it began in. */
export type BreakerPass = number;

/**
 * Stops calls to a subgraph that fails, so that neither waits for the other: clients get their errors at once, and the
 * subgraph can recover.
 *
 * It is closed until, of at least `requestThreshold` calls within the rolling duration, `errorThresholdPercent` have failed.
 * Then it is open for the sleep window, and half open afterwards: it lets `halfOpenAttempts` through in each window. One failure
 * opens it again; `requiredSuccessful` successes close it, over several windows where one has fewer attempts.
 *
 * Sources: Hystrix, "How it Works", "Circuit Breaker"; Cosmo Router, `circuit_breaker`, and the package that it is made of
 * (github.com/cep21/circuit, `closers/hystrix`).
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #onChange: (phase: BreakerPhase) => void;
  readonly #ended: RollingSum;
  readonly #failed: RollingSum;
  #phase: BreakerPhase = 'closed';
  #pass: BreakerPass = 0;
  /** When open: until when. When half open without attempts left: when there are new ones. */
  #nextAttemptsAtMs = 0;
  #attemptsLeft = 0;
  #successes = 0;

  constructor(options: CircuitBreakerOptions, onChange: (phase: BreakerPhase) => void = () => {}) {
    this.#options = options;
    this.#onChange = onChange;
    this.#ended = new RollingSum(options.rollingDurationMs, options.numBuckets);
    this.#failed = new RollingSum(options.rollingDurationMs, options.numBuckets);
  }

  get phase(): BreakerPhase {
    return this.#phase;
  }

  /** @returns `undefined` when the call must not be made */
  enter(): BreakerPass | undefined {
    if (this.#phase === 'closed') return this.#pass;
    if (this.#attemptsLeft === 0) {
      if (performance.now() < this.#nextAttemptsAtMs) return undefined;
      this.#attemptsLeft = this.#options.halfOpenAttempts;
      if (this.#phase === 'open') this.#become('half_open');
    }
    this.#attemptsLeft -= 1;
    if (this.#attemptsLeft === 0) this.#sleep();
    return this.#pass;
  }

  /**
   * Ends a call that was let through.
   * @param verdict `ignored` counts as if it had not been made: the client went away
   */
  leave(pass: BreakerPass, verdict: 'ok' | 'failed' | 'ignored'): void {
    // what was asked before the last change tells nothing new
    if (pass !== this.#pass) return;
    if (this.#phase === 'half_open') this.#leaveHalfOpen(verdict);
    else if (verdict !== 'ignored') this.#leaveClosed(verdict === 'failed');
  }

  #leaveClosed(hasFailed: boolean): void {
    const nowMs = performance.now();
    this.#ended.add(1, nowMs);
    if (!hasFailed) return;
    this.#failed.add(1, nowMs);
    const { requestThreshold, errorThresholdPercent } = this.#options;
    const ended = this.#ended.at(nowMs);
    if (ended < requestThreshold || this.#failed.at(nowMs) * 100 < errorThresholdPercent * ended) return;
    this.#open();
  }

  #leaveHalfOpen(verdict: 'ok' | 'failed' | 'ignored'): void {
    if (verdict === 'failed') {
      this.#open();
      return;
    }
    if (verdict === 'ignored') {
      this.#attemptsLeft += 1;
      return;
    }
    this.#successes += 1;
    if (this.#successes < this.#options.requiredSuccessful) return;
    this.#ended.forget();
    this.#failed.forget();
    this.#become('closed');
  }

  #open(): void {
    this.#attemptsLeft = 0;
    this.#successes = 0;
    this.#sleep();
    this.#become('open');
  }

  #sleep(): void {
    this.#nextAttemptsAtMs = performance.now() + this.#options.sleepWindowMs;
  }

  #become(phase: BreakerPhase): void {
    this.#phase = phase;
    this.#pass += 1;
    this.#onChange(phase);
  }
}
