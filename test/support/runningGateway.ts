import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import { serve } from '../../gateway/commands/serve.ts';
import { readSettings } from '../../gateway/settings.ts';
import { composeSubgraphs } from '../../gateway/supergraph/composeSubgraphs.ts';

/** What a gateway under test serves: subgraphs to compose, or files as a user writes them. */
export interface GatewayOptions {
  /** Composed once, here and not in a thread. */
  readonly subgraphs?: readonly { readonly name: string; readonly url: string; readonly sdl: string }[];
  /** Files of the folder that the gateway starts in: `{ 'supergraph.yaml': '…' }`. */
  readonly files?: Readonly<Record<string, string>>;
  /** `gateway.yaml`, as a value. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly log?: Logger;
}

export interface GatewayUnderTest {
  /** `http://127.0.0.1:40123` */
  readonly url: string;
  readonly port: number;
  /** Folder that it was started in. */
  readonly folder: string;
  /** Sends one GraphQL request as JSON. */
  ask(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** The same, giving the answer's JSON. */
  answerTo(body: unknown, headers?: Readonly<Record<string, string>>): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts the gateway in this process as `tributary serve` does, on a free port, in a folder of its own, and silent. */
export async function startGateway(options: GatewayOptions = {}): Promise<GatewayUnderTest> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-gateway-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    for (const [name, text] of Object.entries(options.files ?? {})) {
      await writeFile(path.join(folder, name), text);
    }
    if (options.settings !== undefined) {
      // JSON is YAML
      await writeFile(path.join(folder, 'gateway.yaml'), JSON.stringify(options.settings));
    }
    if (options.subgraphs !== undefined) {
      await writeFile(path.join(folder, 'supergraph.graphql'), supergraphOf(options.subgraphs));
    }
    const env = { LOG_LEVEL: 'silent', LOG_FORMAT: 'json', ...options.env };
    const settings = readSettings({
      env,
      cwd: folder,
      flags: {
        'listen.port': 0,
        ...(options.subgraphs === undefined ? {} : { 'supergraph.file': 'supergraph.graphql' }),
      },
    });
    const running = await serve({ settings, cwd: folder, env, ...(options.log && { log: options.log }) });
    const ask: GatewayUnderTest['ask'] = (body, headers = {}) =>
      fetch(`${running.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    return {
      url: running.url,
      port: Number(new URL(running.url).port),
      folder,
      ask,
      answerTo: async (body, headers) => (await ask(body, headers)).json(),
      stop: async () => {
        await running.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The supergraph SDL of some subgraphs. */
export function supergraphOf(subgraphs: NonNullable<GatewayOptions['subgraphs']>): string {
  const result = composeSubgraphs(subgraphs.map(({ name, url, sdl }) => ({ name, url, sdl })));
  if (result.kind === 'failed') throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return result.supergraphSdl;
}
