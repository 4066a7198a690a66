import { type Diagnosis, slopeOf } from '../../bench/diagnose.ts';

export interface Sample {
  readonly minute: number;
  readonly diagnosis: Diagnosis;
  /** Planners included. */
  readonly residentMegabytes: number;
  /** The gateway and its planners. */
  readonly processes: number;
}

/** All that a soak has seen. */
export interface SoakResult {
  readonly seed: number;
  readonly seconds: number;
  /** Answers by the codes of their errors. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Clients that went away. */
  readonly left: number;
  /** Requests that subgraphs got. */
  readonly received: number;
  /** Disturbances by name. */
  readonly disturbed: ReadonlyMap<string, number>;
  readonly inForce: { readonly swaps: number; readonly reloads: number; readonly refusals: number };
  /** How often each mutation was sent, by its id. */
  readonly mutations: ReadonlyMap<string, number>;
  readonly atStart: Diagnosis;
  readonly samples: readonly Sample[];
  readonly atRest: Diagnosis;
  /** The gateway and its planners. */
  readonly processes: { readonly atStart: number; readonly atRest: number };
  /** What was wrong while it ran. */
  readonly failures: readonly string[];
}

/** Memory is judged after this part of the time, and only of runs that are long enough for a slope. */
const WARM_UP_PART = 0.3;
const JUDGED_FROM_SECONDS = 240;
/** MB a minute, of live objects; what is resident follows in leaps, as V8 takes and gives back memory. */
const MOST_LIVE_GROWTH = 1;
const MOST_RESIDENT_GROWTH = 10;
/** Of a gateway at rest: what may be open beyond what was open at the start. */
const MOST_LEFT_OPEN = 6;
const MOST_FAILURES_SHOWN = 10;

/** The figures as text, and everything that failed: what was wrong while it ran, and what is left or grows. */
export function soakReport(result: SoakResult): {
  readonly text: string;
  readonly failures: readonly string[];
} {
  const { seed, seconds, outcomes, left, received, disturbed, inForce, mutations } = result;
  const { atStart, samples, atRest, processes } = result;
  const failures = [...result.failures];
  const answers = [...outcomes.values()].reduce((sum, each) => sum + each, 0);
  const lines = [
    '',
    `${answers} answers and ${left} clients that left, in ${seconds} s; subgraphs got ${received} requests`,
    ...countedLines([...outcomes].sort(([, a], [, b]) => b - a)),
    '',
    ...countedLines([
      ...disturbed,
      ['swaps that came into force', inForce.swaps],
      ['changes of settings that came into force', inForce.reloads],
      ['of either that were refused', inForce.refusals],
    ]),
    '',
  ];
  const twice = [...mutations].filter(([, times]) => times > 1);
  lines.push(`mutations: ${mutations.size}, of which ${twice.length} were sent more than once`);
  for (const [id, times] of twice) failures.push(`mutation ${id} was sent ${times} times`);

  const later = samples.slice(Math.floor(samples.length * WARM_UP_PART));
  const growth = (of: (sample: Sample) => number): number =>
    slopeOf(later.map((sample) => ({ minute: sample.minute, value: of(sample) })));
  const most = (of: (sample: Sample) => number): number => Math.max(0, ...samples.map(of));
  const resident = ({ diagnosis }: Sample): number => diagnosis.rss / 1_000_000;
  const live = growth(({ diagnosis }) => liveMegabytes(diagnosis));
  lines.push(
    `live memory: ${liveMegabytes(atStart).toFixed(1)} MB at the start, ${liveMegabytes(atRest).toFixed(1)} MB at rest, ${live.toFixed(2)} MB a minute after the warm-up`,
    `resident memory: at most ${most(({ residentMegabytes }) => residentMegabytes).toFixed(0)} MB with planners; the gateway alone ${most(resident).toFixed(0)} MB, ${growth(resident).toFixed(2)} MB a minute after the warm-up`,
    `processes: ${processes.atStart} with planners at the start, at most ${most((sample) => sample.processes)}, ${processes.atRest} at rest`,
    `files and sockets: ${atStart.fds} at the start, at most ${most(({ diagnosis }) => diagnosis.fds)}, ${atRest.fds} at rest`,
    `timers: ${timersOf(atStart)} at the start, at most ${most(({ diagnosis }) => timersOf(diagnosis))}, ${timersOf(atRest)} at rest`,
  );
  if (seconds < JUDGED_FROM_SECONDS) lines.push(`(memory is judged from ${JUDGED_FROM_SECONDS} s on)`);
  else {
    if (live > MOST_LIVE_GROWTH) failures.push(`live memory grows by ${live.toFixed(2)} MB a minute`);
    if (growth(resident) > MOST_RESIDENT_GROWTH) {
      failures.push(`resident memory grows by ${growth(resident).toFixed(2)} MB a minute`);
    }
  }
  if (atRest.fds > atStart.fds + MOST_LEFT_OPEN) {
    failures.push(`${atRest.fds - atStart.fds} files and sockets are left open`);
  }
  if (processes.atRest > processes.atStart) {
    failures.push(`${processes.atRest - processes.atStart} processes are left`);
  }
  if (timersOf(atRest) > timersOf(atStart) + MOST_LEFT_OPEN) {
    failures.push(`${timersOf(atRest) - timersOf(atStart)} timers are left`);
  }
  lines.push(
    ...failures.slice(0, MOST_FAILURES_SHOWN).map((failure) => `FAILED (seed ${seed}) ${failure}`),
    '',
    failures.length === 0 ? 'nothing failed' : `${failures.length} failures; seed ${seed}`,
  );
  return { text: lines.join('\n'), failures };
}

const countedLines = (counts: readonly (readonly [string, number])[]): readonly string[] =>
  counts.map(([name, count]) => `${String(count).padStart(8)}  ${name}`);

/** What lives in V8's heap, and outside of it by its objects. */
export function liveMegabytes({ heapUsed, external }: Diagnosis): number {
  return (heapUsed + external) / 1_000_000;
}

export function timersOf({ resources }: Diagnosis): number {
  return resources.Timeout ?? 0;
}
