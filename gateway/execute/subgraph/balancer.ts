import type { Instance } from '../../supergraph/instance.ts';

export interface EjectionOptions {
  /** Failures one after another that eject an instance. */
  readonly failures: number;
  /** How long the first time; doubled each time. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** At most this share of the instances is ejected at a time, in percent. */
  readonly maxPercent: number;
}

export interface BalancerOptions {
  readonly ejection: EjectionOptions;
  /** Zone of this gateway. */
  readonly zone: string | undefined;
  /** From 0 to below 1. */
  readonly random?: () => number;
  /** Milliseconds; it never goes back. */
  readonly now?: () => number;
}

/** What is known of one instance besides what the registry says. It stays when the registry lists the instance anew. */
export interface Balanced {
  readonly instance: Instance;
  /** Requests that have no answer yet. */
  readonly inFlight: number;
  readonly state: BalancedState;
}

export type BalancedState =
  | { readonly phase: 'healthy'; readonly failures: number }
  /** Not asked until a probe has found it well; the probe is due at `untilMs`. */
  | { readonly phase: 'ejected'; readonly untilMs: number };

interface Slot extends Balanced {
  instance: Instance;
  inFlight: number;
  state: BalancedState;
  /** Ejections in a row: each doubles the time. */
  ejections: number;
  /** An instance that has been well for this long begins anew. */
  forgiveAtMs: number;
}

/** Own instances are preferred while this share of them is not ejected: fewer would bear the load of all. */
const ZONE_HEALTHY_SHARE = 0.5;

/**
 * Chooses one of a subgraph's instances for each request: the one with fewer requests in flight of two drawn at random, by
 * weight. The best of all would be chosen by every gateway at once; of two random ones it is hardly worse and needs no
 * search.
 *
 * An instance that fails several times in a row is ejected for a while, longer each time, and returns when a probe finds it
 * well. What is ejected is bounded: when many fail at once the fault is more likely elsewhere.
 *
 * Sources: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing"; Envoy, "Outlier detection".
 */
export class Balancer {
  readonly #options: Required<BalancerOptions>;
  readonly #listeners = new Set<() => void>();
  #slots: readonly Slot[] = [];
  /** What is drawn from: found anew when the list or an ejection changes, never for a request. */
  #candidates: readonly Slot[] = [];
  /** Sums of their weights, where those differ. */
  #sums: readonly number[] | undefined;

  constructor(options: BalancerOptions) {
    this.#options = { random: Math.random, now: () => performance.now(), ...options };
  }

  get all(): readonly Balanced[] {
    return this.#slots;
  }

  /** How many are ejected. */
  get ejected(): number {
    return this.#slots.filter(({ state }) => state.phase === 'ejected').length;
  }

  /** Calls back when an instance is ejected. Returns how to stop that. */
  onEjected(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a new list. Instances that stay keep what is known of them; those that are gone are drawn no more. */
  update(instances: readonly Instance[]): void {
    const known = new Map(this.#slots.map((slot) => [slot.instance.url, slot]));
    this.#slots = instances.map((instance) => {
      const slot = known.get(instance.url);
      if (slot === undefined) {
        return {
          instance,
          inFlight: 0,
          state: { phase: 'healthy', failures: 0 },
          ejections: 0,
          forgiveAtMs: 0,
        };
      }
      slot.instance = instance;
      return slot;
    });
    this.#refresh();
  }

  /**
   * Chooses an instance, and counts the request as in flight until `onResult`.
   * @param except instances that were tried already; one of them is given only when there is no other
   * @returns `undefined` when there is no instance
   */
  pick(except?: readonly unknown[]): Balanced | undefined {
    const slot = except === undefined || except.length === 0 ? this.#drawBetter() : this.#drawOther(except);
    if (slot !== undefined) slot.inFlight += 1;
    return slot;
  }

  /**
   * Ends what `pick` began.
   * @param result `ignored` says nothing of the instance: the client went away
   * @returns whether the instance is ejected by it
   */
  onResult(picked: Balanced, result: 'ok' | 'failed' | 'ignored'): boolean {
    const slot = picked as Slot;
    slot.inFlight -= 1;
    // what was asked before the ejection tells nothing new
    if (result === 'ignored' || slot.state.phase === 'ejected') return false;
    if (result === 'ok') {
      if (slot.state.failures > 0) slot.state = { phase: 'healthy', failures: 0 };
      return false;
    }
    const failures = slot.state.failures + 1;
    slot.state = { phase: 'healthy', failures };
    if (failures < this.#options.ejection.failures || !this.#mayEject(slot)) return false;
    this.#eject(slot);
    for (const listener of this.#listeners) listener();
    return true;
  }

  /**
   * Ejected instances whose time has passed, for who probes them now. Nobody else is given them before the probe must have
   * ended.
   */
  takeDueForProbe(probeTimeoutMs: number): readonly Balanced[] {
    const nowMs = this.#options.now();
    const due = this.#slots.filter(({ state }) => state.phase === 'ejected' && state.untilMs <= nowMs);
    for (const slot of due) slot.state = { phase: 'ejected', untilMs: nowMs + probeTimeoutMs };
    return due;
  }

  /** Time until the next probe is due; `undefined` while nothing is ejected. */
  nextProbeInMs(): number | undefined {
    const times = this.#slots.flatMap(({ state }) => (state.phase === 'ejected' ? [state.untilMs] : []));
    return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - this.#options.now());
  }

  /** What a probe has found. An instance that is not well is ejected for twice as long. */
  onProbe(probed: Balanced, isWell: boolean): void {
    const slot = probed as Slot;
    if (slot.state.phase !== 'ejected' || !this.#slots.includes(slot)) return;
    if (!isWell) {
      this.#eject(slot);
      return;
    }
    slot.state = { phase: 'healthy', failures: 0 };
    // it has to be well for as long as it was away before its past is forgotten
    slot.forgiveAtMs = this.#options.now() + this.#ejectionMs(slot.ejections);
    this.#refresh();
  }

  #mayEject(slot: Slot): boolean {
    if (!this.#slots.includes(slot)) return false;
    return this.ejected + 1 <= (this.#slots.length * this.#options.ejection.maxPercent) / 100;
  }

  #eject(slot: Slot): void {
    const nowMs = this.#options.now();
    if (slot.state.phase === 'healthy' && slot.forgiveAtMs <= nowMs) slot.ejections = 0;
    slot.ejections += 1;
    slot.state = { phase: 'ejected', untilMs: nowMs + this.#ejectionMs(slot.ejections) };
    this.#refresh();
  }

  #ejectionMs(ejections: number): number {
    const { baseMs, maxMs } = this.#options.ejection;
    return Math.min(baseMs * 2 ** Math.min(ejections - 1, 30), maxMs);
  }

  #refresh(): void {
    this.#candidates = this.#preferred();
    const [first] = this.#candidates;
    const areAlike = this.#candidates.every(({ instance }) => instance.weight === first?.instance.weight);
    let sum = 0;
    this.#sums = areAlike ? undefined : this.#candidates.map(({ instance }) => (sum += instance.weight));
  }

  /** The lowest priority that has instances which are not ejected, and of these the own zone's, if enough are left there. */
  #preferred(): readonly Slot[] {
    const healthy = this.#slots.filter(({ state }) => state.phase === 'healthy');
    // all are ejected: each is as good as another
    if (healthy.length === 0) return this.#slots;
    const priority = Math.min(...healthy.map(({ instance }) => instance.priority));
    const ofPriority = healthy.filter(({ instance }) => instance.priority === priority);
    const { zone } = this.#options;
    if (zone === undefined) return ofPriority;
    const own = ofPriority.filter(({ instance }) => instance.zone === zone);
    const listed = this.#slots.filter(
      ({ instance }) => instance.zone === zone && instance.priority === priority,
    );
    return own.length > 0 && own.length >= listed.length * ZONE_HEALTHY_SHARE ? own : ofPriority;
  }

  #drawBetter(): Slot | undefined {
    const candidates = this.#candidates;
    const { length } = candidates;
    if (length < 2) return candidates[0];
    const at = this.#draw();
    let other = this.#sums === undefined ? at : this.#draw();
    // another one, each of the others as likely
    if (other === at) other = (at + 1 + Math.floor(this.#options.random() * (length - 1))) % length;
    const [one, two] = [candidates[at], candidates[other]];
    if (one === undefined || two === undefined) return one;
    return loadOf(two) < loadOf(one) ? two : one;
  }

  #draw(): number {
    const drawn = this.#options.random();
    const sums = this.#sums;
    if (sums === undefined) return Math.floor(drawn * this.#candidates.length);
    const wanted = drawn * (sums.at(-1) ?? 0);
    const at = sums.findIndex((sum) => wanted < sum);
    return at === -1 ? sums.length - 1 : at;
  }

  /** For a second try: whoever is left, the own zone and priority first. */
  #drawOther(except: readonly unknown[]): Slot | undefined {
    const others = (slots: readonly Slot[]): readonly Slot[] =>
      slots.filter((slot) => !except.includes(slot));
    for (const slots of [others(this.#candidates), others(this.#slots)]) {
      const slot = slots[Math.floor(this.#options.random() * slots.length)];
      if (slot !== undefined) return slot;
    }
    return this.#drawBetter();
  }
}

/** Requests in flight with the one to come, for each unit of weight. */
function loadOf({ inFlight, instance }: Slot): number {
  return (inFlight + 1) / instance.weight;
}
