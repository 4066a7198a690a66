import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { faults } from '../faults/faults.ts';
import { failingResolvers, failingSdl, productsResolvers, productsSdl } from '../faults/faultyGraph.ts';
import { type FaultyRequest, type FaultySubgraph, startFaultySubgraph } from '../faults/faultySubgraph.ts';
import { startConsulServer } from '../support/consulServer.ts';
import { supergraphOf } from '../support/runningGateway.ts';

/** `reviews` is one process, `ratings` are two at a fixed list, and `moving` is found in Consul. */
export const askedSubgraphs = ['reviews', 'ratings', 'moving'] as const;
export type AskedSubgraph = (typeof askedSubgraphs)[number];

/** A time in which a subgraph was not there, in `performance.now()`. */
export interface Outage {
  readonly subgraph: AskedSubgraph;
  readonly fromMs: number;
  /** `undefined` while it lasts. */
  toMs: number | undefined;
}

/** The subgraphs of the soak, their registry, and the folder with the files of the gateway. */
export interface SoakGraph {
  /** For the program to remove. */
  readonly folder: string;
  readonly supergraphFile: string;
  readonly settingsFile: string;
  readonly outages: readonly Outage[];
  /** How often each mutation was asked of a subgraph, by its id. */
  readonly mutations: ReadonlyMap<string, number>;
  /** Requests that subgraphs got. */
  readonly received: number;
  /** Puts another supergraph in the file; two take turns. */
  swapSupergraph(): Promise<void>;
  writeSupergraph(text: string): Promise<void>;
  /** Writes proper settings, with these for all subgraphs. */
  changeSettings(profile: TrafficProfile): Promise<void>;
  writeSettings(text: string): Promise<void>;
  /** Ends one process with all its connections, and starts it again. */
  restart(subgraph: 'reviews' | 'ratings', downMs: number): Promise<void>;
  /** Registers another process, deregisters the one before, and ends that in order. */
  move(): Promise<void>;
  close(): Promise<void>;
}

/** Settings of `traffic_shaping.all`. */
export type TrafficProfile = Readonly<Record<string, unknown>>;

interface SettingsOptions {
  readonly engine: string;
  readonly consul: string;
  readonly profile: TrafficProfile;
}

/** JSON is YAML. */
function settingsText({ engine, consul, profile }: SettingsOptions): string {
  return JSON.stringify({
    engine,
    include_subgraph_errors: { all: true },
    headers: {
      all: { request: [{ propagate: { named: 'x-fault' } }, { propagate: { named: 'x-request-id' } }] },
    },
    // times of a machine that is busy with the soak itself
    query_planning: { max_cache_bytes: 5_000_000, timeout_ms: 10_000 },
    discovery: { consul: { address: consul }, ejection: { base_ms: 500, max_ms: 2_000 } },
    traffic_shaping: {
      inbound: { timeout_ms: 20_000 },
      all: { timeout_ms: 2_000, max_response_bytes: 4_000_000, ...profile },
    },
  });
}

const misbehaviours = new Map(faults.map(({ name, misbehave }) => [name, misbehave]));

export async function startSoakGraph(engine: string): Promise<SoakGraph> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-soak-'));
  const supergraphFile = path.join(folder, 'supergraph.graphql');
  const settingsFile = path.join(folder, 'gateway.yaml');
  const mutations = new Map<string, number>();
  let received = 0;
  const onRequest = ({ body }: FaultyRequest): void => {
    received += 1;
    if (!body.includes('mutation')) return;
    const { id } = (JSON.parse(body) as { variables: { id: string } }).variables;
    mutations.set(id, (mutations.get(id) ?? 0) + 1);
  };
  const failing = (name: AskedSubgraph): Promise<FaultySubgraph> =>
    startFaultySubgraph({
      name,
      sdl: failingSdl(name),
      resolvers: failingResolvers(name),
      faultOf: ({ headers }) => misbehaviours.get(String(headers['x-fault'])),
      onRequest,
    });
  const products = await startFaultySubgraph({
    name: 'products',
    sdl: productsSdl,
    resolvers: productsResolvers,
    faultOf: () => undefined,
    onRequest,
  });
  const reviews = await failing('reviews');
  const ratings = [await failing('ratings'), await failing('ratings')] as const;
  let moving = await failing('moving');
  const consul = await startConsulServer();
  let moved = 0;
  const register = ({ port }: FaultySubgraph): void =>
    consul.register({ ID: `moving-${moved}`, Name: 'moving', Address: '127.0.0.1', Port: port });
  register(moving);

  const supergraphs = ['', 'extend type Query { another: String }'].map((more) =>
    supergraphOf([
      { ...products, sdl: `${productsSdl} ${more}` },
      reviews,
      {
        name: 'ratings',
        sdl: failingSdl('ratings'),
        url: `static:${ratings.map(({ url }) => url).join(',')}`,
      },
      { name: 'moving', sdl: failingSdl('moving'), url: 'consul://moving/graphql' },
    ]),
  );
  let current = 0;
  // a file that is half written is another fault than those that are meant
  let written = 0;
  const write = async (file: string, text: string): Promise<void> => {
    written += 1;
    const next = `${file}.${written}`;
    await writeFile(next, text);
    await rename(next, file);
  };
  await write(supergraphFile, supergraphs[0] ?? '');
  await write(settingsFile, settingsText({ engine, consul: consul.url, profile: {} }));
  const outages: Outage[] = [];
  return {
    folder,
    supergraphFile,
    settingsFile,
    outages,
    mutations,
    get received() {
      return received;
    },
    swapSupergraph: () => {
      current = (current + 1) % supergraphs.length;
      return write(supergraphFile, supergraphs[current] ?? '');
    },
    writeSupergraph: (text) => write(supergraphFile, text),
    changeSettings: (profile) => write(settingsFile, settingsText({ engine, consul: consul.url, profile })),
    writeSettings: (text) => write(settingsFile, text),
    restart: async (subgraph, downMs) => {
      const outage: Outage = { subgraph, fromMs: performance.now(), toMs: undefined };
      outages.push(outage);
      const one = subgraph === 'reviews' ? reviews : ratings[0];
      await one.goAway();
      await new Promise((resolve) => setTimeout(resolve, downMs));
      await one.comeBack();
      outage.toMs = performance.now();
    },
    move: async () => {
      const before = moving;
      const id = `moving-${moved}`;
      moving = await failing('moving');
      moved += 1;
      register(moving);
      consul.deregister(id);
      // the gateway closes its connections when it has read the change and has ended what it asked
      const deadline = performance.now() + 15_000;
      while (before.connections > 0 && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      if (before.connections > 0)
        throw new Error('The gateway keeps connections to an instance that is gone.');
      await before.close();
    },
    close: async () => {
      await Promise.all([products, reviews, ...ratings, moving].map((subgraph) => subgraph.close()));
      await consul.close();
    },
  };
}
