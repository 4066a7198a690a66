import { z } from 'zod';
import type { DiscoveryBackend } from '../discoveryBackend.ts';
import { addressesOf } from '../discoverySettings.ts';
import { findUrlProblem, readDiscoveryUrl } from '../discoveryUrl.ts';
import { type Instance, instanceUrl } from '../instance.ts';
import { RegistryClient } from './registryClient.ts';

/** Parameters of Consul's own that a `routing_url` may carry. */
const PARAMETERS = ['dc', 'tag', 'near', 'filter', 'ns', 'partition', 'peer', 'stale', 'cached'];

/**
 * `consul://reviews/graphql?tag=v2&dc=eu1`: the instances of a service whose checks pass, by blocking queries: Consul holds
 * the answer back until something has changed.
 * Source: Consul HTTP API, `GET /v1/health/service/:service`, and "Blocking Queries".
 */
export const consul: DiscoveryBackend = {
  scheme: 'consul',
  example: 'consul://reviews/graphql',

  findProblem: (url) => findUrlProblem(url, PARAMETERS),

  open({ url, scheme, path: defaultPath, settings }) {
    const { name, path = defaultPath, query } = readDiscoveryUrl(url);
    const { address, token, wait_ms: waitMs } = settings.consul;
    const client = new RegistryClient({
      name: 'Consul',
      addresses: addressesOf(address),
      headers: token === undefined ? {} : { 'x-consul-token': token },
      timeoutMs: settings.timeout_ms,
    });
    /** 0 asks for an answer at once. */
    let index = 0;

    return {
      async read(signal) {
        const asked = index;
        // "clients should reset the index to 0 if an error occurred"; that also gets a whole new state from another agent
        index = 0;
        const parameters = new URLSearchParams(query);
        parameters.set('passing', 'true');
        if (asked > 0) {
          parameters.set('index', String(asked));
          parameters.set('wait', `${waitMs}ms`);
        }
        const answer = await client.get(
          `/v1/health/service/${encodeURIComponent(name)}?${parameters}`,
          signal,
          // Consul adds up to a sixteenth, so that waiters do not wake all at once
          asked > 0 ? waitMs * (1 + 1 / 16) : 0,
        );
        if (answer.status !== 200) throw new Error(wordsFor(answer.status));
        const instances = instancesOf(answer.json, { scheme, path });
        index = nextIndex(Number(answer.headers['x-consul-index']), asked);
        return { instances, againInMs: 0 };
      },
      close: async () => {},
    };
  },
};

/**
 * "Reset the index if it goes backwards": then the servers were restored, or another one answers, and waiting for the old
 * index would miss every change until the new one has passed it. "Sanity check index is greater than zero": an index of 0
 * would make a busy loop of a wait.
 */
function nextIndex(given: number, asked: number): number {
  if (!Number.isSafeInteger(given) || given < asked) return 0;
  return Math.max(given, 1);
}

function wordsFor(status: number): string {
  if (status === 403)
    return 'Consul refuses the token (HTTP status 403): it needs `service:read` and `node:read`';
  return `Consul answered with HTTP status ${status}`;
}

const locality = z.object({ Zone: z.string().optional() }).nullish();
const meta = z.record(z.string(), z.string()).nullish();
/** Only what is read of an answer. */
const healthyServices = z.array(
  z.object({
    Node: z.object({ Address: z.string(), Meta: meta, Locality: locality }),
    Service: z.object({
      Address: z.string().nullish(),
      Port: z.number(),
      Meta: meta,
      Locality: locality,
      Weights: z.object({ Passing: z.number() }).nullish(),
    }),
  }),
);

function instancesOf(
  json: unknown,
  { scheme, path }: { readonly scheme: 'http' | 'https'; readonly path: string },
): readonly Instance[] {
  const read = healthyServices.safeParse(json);
  if (!read.success) throw new Error('Consul answered with something other than a list of services');
  return read.data.flatMap(({ Node, Service }) => {
    // "If the service address is empty, the node address is to be used."
    const url = instanceUrl({ scheme, host: Service.Address || Node.Address, port: Service.Port, path });
    if (url === undefined) return [];
    const zone = Service.Locality?.Zone || Service.Meta?.zone || Node.Locality?.Zone || Node.Meta?.zone;
    const weight = Service.Weights?.Passing;
    return [
      {
        url,
        ...(zone ? { zone } : {}),
        weight: weight !== undefined && weight > 0 ? weight : 1,
        priority: 0,
      },
    ];
  });
}
