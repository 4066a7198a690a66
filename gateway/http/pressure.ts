import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { type ContainerMemory, collectGarbage, containerMemory, heapShare } from '../runtime/memoryUse.ts';

export interface PressureLimits {
  /** 100 = never. */
  readonly maxHeapPercent: number;
  /** 100 = never. */
  readonly maxMemoryPercent: number;
  readonly maxEventLoopDelayMs: number;
}

/** What a process is short of. */
export type PressureReason = 'heap' | 'memory' | 'event_loop';

/** What pressure is seen by; others in tests. */
export interface PressureSignals {
  readonly heapShare: () => number;
  readonly container: ContainerMemory | undefined;
  readonly collectGarbage: () => void;
  /** Mean delay of the event loop since it was last asked. */
  readonly eventLoopDelayMs: () => number;
  readonly stop?: () => void;
}

/** Pressure ends so far below the limit that it began at. */
const HYSTERESIS = 0.05;
/** To collect all garbage takes time that is lacking already. */
const COLLECT_EVERY_MS = 10_000;
const CHECK_HEAP_MS = 100;
/** Of those checks, one looks at what costs more. */
const CHECK_ALL_EVERY = 5;
const LOOP_RESOLUTION_MS = 20;

/** Watches what a process can run out of. One long block of the event loop is no pressure; a second of them is. */
export class Pressure {
  readonly #limits: () => PressureLimits;
  readonly #onChange: (reason: PressureReason | undefined) => void;
  readonly #signals: PressureSignals;
  #timer: NodeJS.Timeout | undefined;
  #heap = false;
  #memory = false;
  #eventLoop = false;
  #isLate = false;
  #checks = 0;
  #collectedAt = Number.NEGATIVE_INFINITY;
  #shares = { heap: 0, memory: 0 };
  #delayMs = 0;

  constructor(
    limits: () => PressureLimits,
    onChange: (reason: PressureReason | undefined) => void,
    signals: PressureSignals = signalsOfProcess(),
  ) {
    this.#limits = limits;
    this.#onChange = onChange;
    this.#signals = signals;
  }

  start(): void {
    this.#timer = setInterval(() => this.check(), CHECK_HEAP_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#signals.stop?.();
  }

  get reason(): PressureReason | undefined {
    if (this.#heap) return 'heap';
    if (this.#memory) return 'memory';
    return this.#eventLoop ? 'event_loop' : undefined;
  }

  /** What was last seen. */
  get seen(): {
    readonly heapShare: number;
    readonly memoryShare: number;
    readonly eventLoopDelayMs: number;
  } {
    return {
      heapShare: this.#shares.heap,
      memoryShare: this.#shares.memory,
      eventLoopDelayMs: this.#delayMs,
    };
  }

  /** The regular check: of the heap each time, of the rest sometimes. */
  check(): void {
    const before = this.reason;
    this.#checkHeap();
    this.#checks += 1;
    if (this.#checks % CHECK_ALL_EVERY === 0) {
      this.#checkMemory();
      this.#checkEventLoop();
    }
    if (this.reason !== before) this.#onChange(this.reason);
  }

  /** The heap alone: requests can fill it before a timer comes round. */
  checkHeap(): void {
    const before = this.reason;
    this.#checkHeap();
    if (this.reason !== before) this.#onChange(this.reason);
  }

  #checkHeap(): void {
    const limit = this.#limits().maxHeapPercent / 100;
    const isOver = (): boolean => {
      this.#shares.heap = this.#signals.heapShare();
      return limit < 1 && this.#shares.heap > limit - (this.#heap ? HYSTERESIS : 0);
    };
    this.#heap = isOver() && !(this.#collects() && !isOver());
  }

  #checkMemory(): void {
    const { container } = this.#signals;
    if (container === undefined) return;
    const limit = this.#limits().maxMemoryPercent / 100;
    const isOver = (): boolean => {
      this.#shares.memory = container.usedBytes() / container.limitBytes;
      return limit < 1 && this.#shares.memory > limit - (this.#memory ? HYSTERESIS : 0);
    };
    this.#memory = isOver() && !(this.#collects() && !isOver());
  }

  /** While requests are refused, too little is allocated for V8 to collect what those before have left. */
  #collects(): boolean {
    const now = performance.now();
    if (now - this.#collectedAt < COLLECT_EVERY_MS) return false;
    this.#collectedAt = now;
    this.#signals.collectGarbage();
    return true;
  }

  #checkEventLoop(): void {
    const { maxEventLoopDelayMs } = this.#limits();
    this.#delayMs = this.#signals.eventLoopDelayMs();
    const isLate = this.#delayMs > maxEventLoopDelayMs / (this.#eventLoop ? 2 : 1);
    this.#eventLoop = isLate && (this.#eventLoop || this.#isLate);
    this.#isLate = isLate;
  }
}

function signalsOfProcess(): PressureSignals {
  let histogram: IntervalHistogram | undefined;
  return {
    heapShare,
    container: containerMemory(),
    collectGarbage,
    eventLoopDelayMs: () => {
      if (histogram === undefined) {
        histogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
        histogram.enable();
        return 0;
      }
      // what it is late by counts the resolution too
      const mean = histogram.count === 0 ? 0 : histogram.mean / 1e6 - LOOP_RESOLUTION_MS;
      histogram.reset();
      return Math.max(0, mean);
    },
    stop: () => histogram?.disable(),
  };
}
