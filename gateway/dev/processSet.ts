import { relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { DevProcess, DevTiming } from './devProcess.ts';
import { ManagedProcess } from './managedProcess.ts';
import { findTakenPorts } from './takenPorts.ts';
import { type ProcessWatch, watchPaths } from './watchProcess.ts';

export interface ProcessSetOptions {
  readonly timing: DevTiming;
  /** A line of a process. */
  readonly print: (name: string, line: string, stream: 'stdout' | 'stderr') => void;
  /** A line of the supervisor. */
  readonly say: (line: string) => void;
  /** A process does not start again by itself; `code` is the exit code of the whole, should that end. */
  readonly gaveUp: (code: number) => void;
}

interface Member {
  readonly managed: ManagedProcess;
  readonly watch: ProcessWatch;
}

/**
 * The processes that run, made to be those of a list, again and again: what is new starts, what is gone ends, what differs
 * is restarted, and nothing else is touched. A process is restarted when its files change, too.
 *
 * One thing happens after the other: restarts all at once would take the machine from the gateway.
 */
export class ProcessSet {
  readonly #options: ProcessSetOptions;
  readonly #members = new Map<string, Member>();
  readonly #stopping = new AbortController();
  /** Those whose restart is in the queue already. */
  readonly #waiting = new Set<ManagedProcess>();
  #queue: Promise<void> = Promise.resolve();
  #isFirst = true;

  constructor(options: ProcessSetOptions) {
    this.#options = options;
  }

  /** Resolves when all of the list have been started, the gateway after the subgraphs listen. */
  apply(list: readonly DevProcess[]): Promise<void> {
    return this.#enqueue(() => this.#apply(list));
  }

  /** Ends all; resolves when no process is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const stopAll = (): Promise<unknown> => Promise.all([...this.#members.values()].map(endMember));
    // what the queue still does is ended under its hands, and what it has just added, after it
    await stopAll();
    await this.#queue;
    await stopAll();
  }

  /** Ends all at once, without waiting. */
  kill(): void {
    for (const { managed } of this.#members.values()) managed.kill();
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      if (!this.#stopping.signal.aborted) await work();
    });
    return this.#queue;
  }

  async #apply(list: readonly DevProcess[]): Promise<void> {
    const wanted = new Map(list.map((definition) => [keyOf(definition), definition]));
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const ending: Member[] = [];
    for (const [key, member] of this.#members) {
      const { definition } = member.managed;
      const next = wanted.get(key);
      if (next !== undefined && isServedBy(member.managed, next)) {
        member.managed.definition = next;
        wanted.delete(key);
        continue;
      }
      this.#options.say(
        next === undefined
          ? `Ending ${definition.name}: it is no longer in the list`
          : `Restarting ${definition.name}: ${differenceOf(definition, next)} has changed`,
      );
      ending.push(member);
    }
    // they stay members while they end, so that a signal meanwhile ends them, too
    await Promise.all(ending.map(endMember));
    const restarted = new Set(ending.map(({ managed }) => keyOf(managed.definition)));
    for (const key of restarted) this.#members.delete(key);

    const taken = isFirst ? [] : await findTakenPorts([...wanted.values()], this.#definitions());
    for (const { message } of taken) this.#options.say(message);
    const added = await Promise.all([...wanted.values()].map((definition) => this.#add(definition)));
    const startable = added.filter(({ definition }) => taken.every(({ process }) => process !== definition));
    for (const one of added) {
      const { definition } = one;
      if (!startable.includes(one)) one.refuse();
      else if (!isFirst && !restarted.has(keyOf(definition)))
        this.#options.say(`Starting ${definition.name}`);
    }
    await this.#start(startable);
    if (!isFirst) await this.#retryOthers(added);
  }

  #definitions(): DevProcess[] {
    return [...this.#members.values()].map(({ managed }) => managed.definition);
  }

  /** Watches before it starts, so that no change is missed. */
  async #add(definition: DevProcess): Promise<ManagedProcess> {
    const { timing, print, gaveUp } = this.#options;
    const managed = new ManagedProcess(definition, {
      timing,
      gaveUp,
      print: (line, stream) => print(definition.name, line, stream),
    });
    const watch = await watchPaths({
      paths: definition.watch,
      debounceMs: timing.debounceMs,
      changed: (files) => this.#filesChanged(managed, files),
    });
    this.#members.set(keyOf(definition), { managed, watch });
    return managed;
  }

  /** A gateway that starts before its subgraphs listen warns of each: a first start would look like a fault. */
  async #start(startable: readonly ManagedProcess[]): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    const subgraphs = startable.filter(({ definition }) => definition.role === 'subgraph');
    for (const one of subgraphs) one.start();
    const gateways = startable.filter(({ definition }) => definition.role === 'gateway');
    if (gateways.length === 0) return;
    const heard = subgraphs.filter(({ definition }) => definition.ipc).map(({ settled }) => settled);
    const waiting = new AbortController();
    const timeout = delay(this.#options.timing.readyMs, undefined, {
      signal: AbortSignal.any([signal, waiting.signal]),
    });
    await Promise.race([Promise.all(heard), timeout.catch(() => undefined)]);
    waiting.abort();
    if (!signal.aborted) for (const one of gateways) one.start();
  }

  #filesChanged(managed: ManagedProcess, files: readonly string[]): void {
    const { takesUp } = managed.definition;
    const counting = managed.hasGivenUp ? files : files.filter((file) => !takesUp?.files.includes(file));
    const file = counting.at(-1);
    if (file !== undefined) this.#restart(managed, file);
  }

  #restart(managed: ManagedProcess, file: string): void {
    if (this.#waiting.has(managed)) return;
    this.#waiting.add(managed);
    const { name, cwd } = managed.definition;
    void this.#enqueue(async () => {
      this.#waiting.delete(managed);
      // its place may have been taken meanwhile
      if (this.#members.get(keyOf(managed.definition))?.managed !== managed) return;
      this.#options.say(`Restarting ${name}: ${relative(cwd, file)} has changed`);
      await managed.restart();
      await this.#retryOthers([managed]);
    });
  }

  /** What has given up may have done so for what has just changed elsewhere. */
  async #retryOthers(done: readonly ManagedProcess[]): Promise<void> {
    for (const { managed } of this.#members.values()) {
      if (managed.hasGivenUp && !done.includes(managed)) await managed.restart();
    }
  }
}

/** A subgraph may be called `gateway`. */
function keyOf({ role, name }: DevProcess): string {
  return `${role} ${name}`;
}

/** Whether the process may go on under another definition: it differs at most in what a process that runs takes up by itself. */
function isServedBy({ definition, hasGivenUp }: ManagedProcess, next: DevProcess): boolean {
  if (hasGivenUp) return isDeepStrictEqual(next, definition);
  return isDeepStrictEqual({ ...next, takesUp: undefined }, { ...definition, takesUp: undefined });
}

async function endMember({ managed, watch }: Member): Promise<void> {
  await Promise.all([managed.stop(), watch.close()]);
}

function differenceOf(before: DevProcess, after: DevProcess): string {
  if (before.revision !== after.revision || !isDeepStrictEqual(before.takesUp, after.takesUp))
    return 'a setting';
  if (before.port !== after.port) return 'its port';
  return 'how it is started';
}
