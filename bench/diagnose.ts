import { once } from 'node:events';
import path from 'node:path';
import { collectorFlags } from '../gateway/runtime/collectorFlags.ts';
import type { RunningProgram } from './processes.ts';

/** What a gateway holds after a full collection of garbage. */
export interface Diagnosis {
  /** Bytes of live objects. */
  readonly heapUsed: number;
  /** Bytes that V8 has taken for them. */
  readonly heapTotal: number;
  /** Bytes outside V8's heap that its objects hold, buffers among them. */
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
  /** What keeps the event loop, by kind: `{ TCPSocketWrap: 4, Timeout: 7 }`. Source: `process.getActiveResourcesInfo`. */
  readonly resources: Readonly<Record<string, number>>;
  /** Open file descriptors. */
  readonly fds: number;
}

/**
 * Arguments of Node.js for a gateway that can be diagnosed. The flags of the collector are those that `serve` would choose:
 * chosen here, there is no second process between.
 */
export const diagnosedArguments: readonly string[] = [
  ...collectorFlags,
  '--import',
  path.join(import.meta.dirname, 'diagnostics.mjs'),
];

/** Asks a program that was started with `diagnosedArguments`. */
export async function diagnose({ child }: RunningProgram, heapSnapshot?: string): Promise<Diagnosis> {
  for (;;) {
    const answered = once(child, 'message');
    child.send({ type: 'diagnose', ...(heapSnapshot === undefined ? {} : { heapSnapshot }) });
    const [message] = (await answered) as [{ readonly type?: string } & Diagnosis];
    if (message.type === 'diagnosis') return message;
  }
}

export interface Point {
  readonly minute: number;
  readonly value: number;
}

/** Slope of the line of least squares, a minute; 0 of fewer than two points. */
export function slopeOf(points: readonly Point[]): number {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(({ minute }) => minute), mean(({ value }) => value)];
  const above = points.reduce((sum, { minute, value }) => sum + (minute - x) * (value - y), 0);
  const below = points.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
  return below === 0 ? 0 : above / below;
}
