import { z } from 'zod';
import type { RegistryClient } from './registryClient.ts';

/** An instance as Eureka lists it. */
export interface RegisteredInstance {
  /** `UP`, `DOWN`, `STARTING`, `OUT_OF_SERVICE` or `UNKNOWN`. */
  readonly status: string;
  readonly host: string;
  readonly ip: string | undefined;
  /** `undefined` where it is switched off. */
  readonly port: number | undefined;
  readonly securePort: number | undefined;
  readonly zone: string | undefined;
}

export interface RefreshOptions {
  readonly signal: AbortSignal;
  /** A copy that is not older will do. */
  readonly freshForMs: number;
}

/** A read is bounded by its time; it is not cancelled, since others may wait for it too. */
const NOBODY_LEAVES = new AbortController().signal;

/** A server keeps what has changed for 3 minutes; who was away for longer reads all. */
const DELTA_KEPT_MS = 150_000;

/**
 * A copy of a Eureka registry, kept by what has changed.
 * Source: Netflix Eureka, `DiscoveryClient` (`fetchRegistry`, `updateDelta`, `reconcileAndLogDifference`) and `Applications`
 * (`getReconcileHashCode`).
 */
export class EurekaRegistry {
  readonly #client: RegistryClient;
  /** By application, in upper case as Eureka keeps them, and by instance. */
  #applications = new Map<string, Map<string, RegisteredInstance>>();
  #readAt: number | undefined;
  #servesDeltas = true;
  #refreshing: Promise<void> | undefined;

  constructor(client: RegistryClient) {
    this.#client = client;
  }

  instancesOf(application: string): readonly RegisteredInstance[] {
    return [...(this.#applications.get(application.toUpperCase())?.values() ?? [])];
  }

  /**
   * Reads what has changed, unless that was done a moment ago; who asks meanwhile waits for the same answer.
   * @throws Error in words; the copy stays as it was, and the next refresh reads all
   */
  async refresh({ signal, freshForMs }: RefreshOptions): Promise<void> {
    if (this.#readAt !== undefined && performance.now() - this.#readAt < freshForMs) return;
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    // who leaves does not take the answer from the others
    await withoutWaiting(this.#refreshing, signal);
  }

  async #refresh(): Promise<void> {
    const readAt = this.#readAt;
    this.#readAt = undefined;
    const isRecent = readAt !== undefined && performance.now() - readAt < DELTA_KEPT_MS;
    if (!(isRecent && this.#servesDeltas && (await this.#readDelta()))) await this.#readAll();
    this.#readAt = performance.now();
  }

  async #readAll(): Promise<void> {
    const { status, json } = await this.#client.get('/apps', NOBODY_LEAVES);
    if (status !== 200) throw new Error(wordsFor(status));
    const next = new Map<string, Map<string, RegisteredInstance>>();
    for (const { name, instance } of readApplications(json).application) {
      const instances = new Map(instance.map((each) => [idOf(each), asRegistered(each)]));
      next.set(name.toUpperCase(), instances);
    }
    this.#applications = next;
  }

  /** @returns whether the copy is now what the server has */
  async #readDelta(): Promise<boolean> {
    const { status, json } = await this.#client.get('/apps/delta', NOBODY_LEAVES);
    if (status === 403 || status === 404) {
      // "disableDelta" of the server
      this.#servesDeltas = false;
      return false;
    }
    if (status !== 200) throw new Error(wordsFor(status));
    const { application, apps__hashcode: hash } = readApplications(json);
    const next = new Map(this.#applications);
    for (const { name, instance } of application) {
      const key = name.toUpperCase();
      const instances = new Map(next.get(key));
      for (const each of instance) {
        if (each.actionType === 'DELETED') instances.delete(idOf(each));
        else instances.set(idOf(each), asRegistered(each));
      }
      if (instances.size === 0) next.delete(key);
      else next.set(key, instances);
    }
    // not the same: a delta was missed, and half a truth is worse than a longer answer
    if (hash !== undefined && hash !== hashOf(next)) return false;
    this.#applications = next;
    return true;
  }
}

/** Rejects when the signal is aborted, whatever becomes of the promise. */
function withoutWaiting(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(new Error('nobody asks any more'));
    signal.addEventListener('abort', leave);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    if (signal.aborted) leave();
  });
}

/** `DOWN_1_UP_3_`: the statuses in order, each with its count. */
function hashOf(applications: ReadonlyMap<string, ReadonlyMap<string, RegisteredInstance>>): string {
  const counts = new Map<string, number>();
  for (const instances of applications.values()) {
    for (const { status } of instances.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([status, count]) => `${status}_${count}_`)
    .join('');
}

function wordsFor(status: number): string {
  if (status === 401 || status === 403) {
    return `Eureka refuses the user (HTTP status ${status}); write them into \`discovery.eureka.url\``;
  }
  return `Eureka answered with HTTP status ${status}`;
}

/** Older servers write a list of one as its element, and an empty one not at all. */
function listOf<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]),
    z.array(item),
  );
}

const portSchema = z
  .object({ $: z.coerce.number(), '@enabled': z.union([z.string(), z.boolean()]) })
  .optional();
const instanceSchema = z.object({
  instanceId: z.string().optional(),
  hostName: z.string(),
  ipAddr: z.string().optional(),
  status: z.string(),
  actionType: z.string().nullish(),
  port: portSchema,
  securePort: portSchema,
  metadata: z.record(z.string(), z.unknown()).nullish(),
  dataCenterInfo: z.object({ metadata: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});
type InstanceInfo = z.output<typeof instanceSchema>;

const applicationsSchema = z.object({
  applications: z.object({
    apps__hashcode: z.string().optional(),
    application: listOf(z.object({ name: z.string(), instance: listOf(instanceSchema) })),
  }),
});

function readApplications(json: unknown): z.output<typeof applicationsSchema>['applications'] {
  const read = applicationsSchema.safeParse(json);
  if (!read.success) throw new Error('Eureka answered with something other than a list of applications');
  return read.data.applications;
}

/** Source: `InstanceInfo.getId`: the data center's id or the host name stands in for a missing one. */
function idOf({ instanceId, hostName }: InstanceInfo): string {
  return instanceId ?? hostName;
}

function asRegistered(info: InstanceInfo): RegisteredInstance {
  const portOf = (port: InstanceInfo['port']): number | undefined =>
    port !== undefined && String(port['@enabled']) === 'true' ? port.$ : undefined;
  const zone = info.metadata?.zone ?? info.dataCenterInfo?.metadata?.['availability-zone'];
  return {
    status: info.status,
    host: info.hostName,
    ip: info.ipAddr,
    port: portOf(info.port),
    securePort: portOf(info.securePort),
    zone: typeof zone === 'string' && zone !== '' ? zone : undefined,
  };
}
