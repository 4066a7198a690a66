/** One process that `tributary dev` runs and keeps running. */
export interface DevProcess {
  /** The gateway is started when the subgraphs are ready. */
  readonly role: 'subgraph' | 'gateway';
  /** Name of the subgraph, or `gateway`: the prefix of its lines. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to the environment of the supervisor. */
  readonly env: Readonly<Record<string, string>>;
  /** The port it will listen on, tried before anything starts; 0 = not known, not tried. */
  readonly port: number;
  readonly host: string;
  /** Files and folders; a change of one restarts this process. */
  readonly watch: readonly string[];
  /** What it takes up by itself while it runs. A change of that starts it only where it has given up. */
  readonly takesUp?: {
    /** Of the watched files. */
    readonly files: readonly string[];
    /** Anything else, such as settings: differs when that has changed. */
    readonly revision: string;
  };
  /**
   * Whether it gets an IPC channel: it sends `{ type: 'listening', port }` when it is ready, and ends by itself on
   * `disconnect`, so that nothing is left even if the supervisor is killed.
   */
  readonly ipc: boolean;
  /** Anything else that it depends on, such as settings that it reads at its start: it is restarted when this differs. */
  readonly revision?: string;
}

/** The times of the supervisor, in one place for tests. */
export interface DevTiming {
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** The first wait after a crash; it doubles up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** A process that lived this long did not crash at once. */
  readonly aliveMs: number;
  /** Changes of files that follow each other faster make one restart. */
  readonly debounceMs: number;
  /** How long the banner waits before it tells what for. */
  readonly patienceMs: number;
  readonly pollMs: number;
  /** How long the banner waits for an answer without errors, when there is one with some. */
  readonly partialMs: number;
  /** How long the gateway waits for subgraphs to listen; one that is slower costs a warning. */
  readonly readyMs: number;
  /** Time between two looks at the list of processes; a change is taken when two looks agree. */
  readonly listPollMs: number;
}

export const defaultTiming: DevTiming = Object.freeze({
  graceMs: 5_000,
  backoffMs: 1_000,
  maxBackoffMs: 30_000,
  aliveMs: 5_000,
  debounceMs: 200,
  patienceMs: 5_000,
  pollMs: 250,
  partialMs: 10_000,
  readyMs: 5_000,
  listPollMs: 400,
});
