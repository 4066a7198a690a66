import type { AttributesOf, GaugeKey, MeasuredKey } from './instruments.ts';

/** Who wants to know: an exporter, the log, a test. */
export interface TelemetryListener {
  /** Called at once and in the middle of a request: it must be quick, and not throw. */
  measured(instrument: MeasuredKey, value: number, attributes: Readonly<Record<string, string>>): void;
}

/**
 * The contract between what is measured and who reads it. Phases are wrapped from outside by what measures them, and nothing
 * is measured while nobody listens: `isHeard` is asked first, so that an unheard gateway pays a property read
 *.
 */
export class Telemetry {
  readonly #listeners = new Set<TelemetryListener>();
  readonly #gauges = new Map<GaugeKey, Set<() => number>>();
  #isHeard = false;

  /** Whether anybody listens; if not, there is nothing to measure for. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Tells a listener everything from now on. Returns how to stop that. */
  listen(listener: TelemetryListener): () => void {
    this.#listeners.add(listener);
    this.#isHeard = true;
    return () => {
      this.#listeners.delete(listener);
      this.#isHeard = this.#listeners.size > 0;
    };
  }

  /** Tells a value: 1 or more of a counter, or one value of a histogram in its unit. */
  record<Key extends MeasuredKey>(instrument: Key, value: number, attributes: AttributesOf<Key>): void {
    for (const listener of this.#listeners) listener.measured(instrument, value, attributes);
  }

  /** Says how a gauge is read, until the returned function is called. What several parts say is added up. */
  observe(gauge: GaugeKey, read: () => number): () => void {
    const readers = this.#gauges.get(gauge) ?? new Set();
    this.#gauges.set(gauge, readers);
    readers.add(read);
    return () => readers.delete(read);
  }

  /** The sum of what is observed now; 0 when nothing is. */
  read(gauge: GaugeKey): number {
    let sum = 0;
    for (const read of this.#gauges.get(gauge) ?? []) sum += read();
    return sum;
  }
}
