import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { OverloadSettings } from './overloadSettings.ts';
import { Pressure, type PressureReason, type PressureSignals } from './pressure.ts';

export interface OverloadOptions {
  /** Those in force. */
  readonly settings: () => OverloadSettings;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Others than those of this process, in tests. */
  readonly signals?: PressureSignals;
}

/** `planning`: more operations wait to be planned than may; found out when the request was taken already. */
type RefusalReason = 'requests' | 'planning' | PressureReason;

/** So many requests may fill the heap before it is looked at again. */
const CHECK_EVERY_REQUESTS = 20;

/**
 * Refuses new requests early while the process has as many as it can bear: before they are authenticated, and before their
 * bodies are read. Refusals beyond what is allowed in a while make the process unready, so that load goes elsewhere.
 */
export class Overload {
  readonly #options: OverloadOptions;
  readonly #pressure: Pressure;
  readonly #unobserve: readonly (() => void)[];
  #inFlight = 0;
  #admitted = 0;
  #rejections = 0;
  #sampledFrom = Number.NEGATIVE_INFINITY;
  #unreadyUntil = Number.NEGATIVE_INFINITY;
  #lastReason: RefusalReason = 'requests';

  constructor(options: OverloadOptions) {
    this.#options = options;
    const { settings, telemetry, log, signals } = options;
    this.#pressure = new Pressure(
      () => ({
        maxHeapPercent: settings().max_heap_percent,
        maxMemoryPercent: settings().max_memory_percent,
        maxEventLoopDelayMs: settings().max_event_loop_delay_ms,
      }),
      (reason) => {
        const seen = this.#pressure.seen;
        if (reason === undefined) log.info(seen, 'no more pressure: all requests are taken again');
        else
          log.warn({ reason, ...seen }, 'under pressure: one request at a time is taken, others are refused');
      },
      signals,
    );
    this.#unobserve = [
      telemetry.observe('requestsInFlight', () => this.#inFlight),
      telemetry.observe('heapUtilization', () => this.#pressure.seen.heapShare),
      telemetry.observe('containerMemoryUtilization', () => this.#pressure.seen.memoryShare),
      telemetry.observe('eventLoopDelay', () => this.#pressure.seen.eventLoopDelayMs / 1000),
    ];
  }

  start(): void {
    this.#pressure.start();
  }

  stop(): void {
    this.#pressure.stop();
    for (const each of this.#unobserve) each();
  }

  /** Requests that have been taken, and whose answers are not read yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Why the process is not ready for more; `undefined` when it is. */
  get unreadyReason(): RefusalReason | undefined {
    return performance.now() < this.#unreadyUntil ? this.#lastReason : undefined;
  }

  /**
   * Takes a request until its response is closed.
   * @throws GatewayError REQUEST_CONCURRENCY_LIMITED
   */
  admit(response: ServerResponse): void {
    this.#admitted += 1;
    if (this.#admitted % CHECK_EVERY_REQUESTS === 0) this.#pressure.checkHeap();
    const reason = this.#refusal();
    if (reason !== undefined) {
      this.#reject(reason);
      throw new GatewayError('REQUEST_CONCURRENCY_LIMITED', { message: 'The gateway is overloaded.' });
    }
    this.#inFlight += 1;
    response.once('close', () => {
      this.#inFlight -= 1;
    });
  }

  /** Counts a request that was refused later on, for what it would have waited for. */
  noteRefusal(): void {
    this.#reject('planning');
  }

  /** Notes a client that was disconnected, as it did not read its answer. */
  noteUnreadAnswer(): void {
    const { telemetry } = this.#options;
    if (telemetry.isHeard) telemetry.record('unreadAnswers', 1, {});
  }

  #refusal(): RefusalReason | undefined {
    if (this.#inFlight >= this.#options.settings().max_concurrent_requests) return 'requests';
    // one at a time is always taken: a process that takes none would never learn that it can again
    return this.#inFlight > 0 ? this.#pressure.reason : undefined;
  }

  #reject(reason: RefusalReason): void {
    const { settings, telemetry, log } = this.#options;
    if (telemetry.isHeard) telemetry.record('overloadRefusals', 1, { reason });
    this.#lastReason = reason;
    const { allowed_rejections, sampling_ms, unready_ms = 2 * sampling_ms } = settings();
    const now = performance.now();
    if (now - this.#sampledFrom > sampling_ms) {
      this.#sampledFrom = now;
      this.#rejections = 0;
    }
    this.#rejections += 1;
    if (this.#rejections <= allowed_rejections) return;
    if (now >= this.#unreadyUntil) {
      log.warn(
        { reason, rejections: this.#rejections, inFlight: this.#inFlight },
        'overloaded: not ready for more',
      );
    }
    this.#unreadyUntil = now + unready_ms;
  }
}
