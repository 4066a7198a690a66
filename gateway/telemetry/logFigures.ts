import type { Logger } from 'pino';
import { Figures } from './figures.ts';
import type { Telemetry } from './telemetry.ts';

const INTERVAL_MS = 60_000;

/**
 * Logs what was measured since the start, every minute and at the end: the reader for those who have no exporter. Meant for
 * the level `debug`, since it makes the gateway measure.
 *
 * @returns how to end that, after a last line
 */
export function logFigures(telemetry: Telemetry, log: Logger): () => void {
  const figures = new Figures(telemetry);
  const write = (): void => log.debug({ figures: figures.snapshot() }, 'figures since the start');
  const interval = setInterval(write, INTERVAL_MS).unref();
  return () => {
    clearInterval(interval);
    write();
    figures.stop();
  };
}
