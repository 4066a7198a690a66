import type { AttributesOf, GaugeKey, instruments, MeasuredKey } from './instruments.ts';

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
  readonly #gauges = new Map<GaugeKey, Set<GaugeReader>>();
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

  /** Says how a gauge is read, until the returned function is called. What several parts say of the same is added up. */
  observe<Key extends GaugeKey>(
    gauge: Key,
    read: () => number,
    ...[attributes]: GaugeAttributes<Key>
  ): () => void {
    const observed = this.#gauges.get(gauge) ?? new Set();
    this.#gauges.set(gauge, observed);
    const reader = { read, attributes: attributes ?? NO_ATTRIBUTES };
    observed.add(reader);
    return () => observed.delete(reader);
  }

  /** The sum of what is observed now; 0 when nothing is. */
  read(gauge: GaugeKey): number {
    let sum = 0;
    for (const { read } of this.#gauges.get(gauge) ?? []) sum += read();
    return sum;
  }

  /** What is observed now, one value for each set of attributes. */
  readings(gauge: GaugeKey): readonly GaugeReading[] {
    const readings = new Map<string, { value: number; attributes: GaugeReading['attributes'] }>();
    for (const { read, attributes } of this.#gauges.get(gauge) ?? []) {
      const key = JSON.stringify(attributes);
      const reading = readings.get(key) ?? { value: 0, attributes };
      reading.value += read();
      readings.set(key, reading);
    }
    return [...readings.values()];
  }
}

/** One value of a gauge. */
export interface GaugeReading {
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

interface GaugeReader extends Pick<GaugeReading, 'attributes'> {
  readonly read: () => number;
}

/** What `observe` is told beside a gauge that has attributes. */
type GaugeAttributes<Key extends GaugeKey> = (typeof instruments)[Key]['attributes'] extends readonly []
  ? []
  : [attributes: AttributesOf<Key>];

const NO_ATTRIBUTES = Object.freeze({});
