import { type GaugeKey, type Instrument, instruments, type MeasuredKey } from './instruments.ts';
import type { Telemetry, TelemetryListener } from './telemetry.ts';

/** What came of one instrument with one set of attributes. */
export interface Figure {
  /** How many values; of a counter, their sum; of a gauge, its value. */
  readonly count: number;
  /** Of a histogram: the sum and the greatest of the values, in the instrument's unit. */
  readonly sum?: number;
  readonly max?: number;
}

/**
 * Everything measured since the start, by name, and by the values of the attributes where there are some:
 * `{ 'tributary.query_planning.cache.lookups': { hit: { count: 3 } } }`, gauges without attributes as plain numbers.
 */
export type FigureSnapshot = Readonly<Record<string, number | Readonly<Record<string, Figure>>>>;

/** Adds up what the gateway measures, for the log, for benchmarks and for tests. */
export class Figures implements TelemetryListener {
  readonly #telemetry: Telemetry;
  readonly #stop: () => void;
  readonly #figures = new Map<MeasuredKey, Map<string, { count: number; sum: number; max: number }>>();

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
    this.#stop = telemetry.listen(this);
  }

  measured(instrument: MeasuredKey, value: number, attributes: Readonly<Record<string, string>>): void {
    let byAttributes = this.#figures.get(instrument);
    if (byAttributes === undefined) {
      byAttributes = new Map();
      this.#figures.set(instrument, byAttributes);
    }
    const key = valuesOf(instruments[instrument].attributes, attributes);
    const figure = byAttributes.get(key) ?? { count: 0, sum: 0, max: 0 };
    byAttributes.set(key, figure);
    figure.count += instruments[instrument].kind === 'counter' ? value : 1;
    figure.sum += value;
    if (value > figure.max) figure.max = value;
  }

  snapshot(): FigureSnapshot {
    const entries = Object.entries(instruments as Readonly<Record<string, Instrument>>).map(
      ([key, { name, kind, attributes: names }]): [string, FigureSnapshot[string]] => {
        if (kind === 'gauge') {
          if (names.length === 0) return [name, this.#telemetry.read(key as GaugeKey)];
          const readings = this.#telemetry.readings(key as GaugeKey);
          return [
            name,
            Object.fromEntries(
              readings.map(({ value, attributes }) => [valuesOf(names, attributes), { count: value }]),
            ),
          ];
        }
        const figures = Array.from(
          this.#figures.get(key as MeasuredKey) ?? [],
          ([attributes, { count, sum, max }]): [string, Figure] => [
            attributes,
            kind === 'counter' ? { count } : { count, sum, max },
          ],
        );
        return [name, Object.fromEntries(figures)];
      },
    );
    return Object.fromEntries(entries);
  }

  /** Stops listening; what was added up stays readable. */
  stop(): void {
    this.#stop();
  }
}

function valuesOf(names: readonly string[], attributes: Readonly<Record<string, string>>): string {
  return names.map((name) => attributes[name] ?? '').join(' ');
}
