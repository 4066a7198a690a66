import type { z } from 'zod';
import type { InstanceReader } from '../../../gateway/supergraph/discoveryBackend.ts';
import { discoveryBackendFor } from '../../../gateway/supergraph/discoveryBackends.ts';
import {
  type DiscoverySettings,
  discoverySettingsSchema,
} from '../../../gateway/supergraph/discoverySettings.ts';
import { type Instance, inOrder } from '../../../gateway/supergraph/instance.ts';

export function discoverySettings(given: z.input<typeof discoverySettingsSchema> = {}): DiscoverySettings {
  return discoverySettingsSchema.parse(given);
}

/** Opens the reader of a URL, as `Discoveries` does for a subgraph without settings of its own. */
export function readerOf(url: string, given: z.input<typeof discoverySettingsSchema> = {}): InstanceReader {
  const settings = discoverySettings(given);
  const backend = discoveryBackendFor(url);
  if (backend === undefined) throw new Error(`no backend for ${url}`);
  const problem = backend.findProblem(url);
  if (problem !== undefined) throw new Error(problem);
  return backend.open({ url, scheme: settings.scheme, path: settings.path, settings });
}

/** Reads once; in order of their URLs, as they are put in force. */
export async function instancesOf(
  reader: InstanceReader,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly Instance[]> {
  return inOrder((await reader.read(signal)).instances);
}

export async function urlsOf(reader: InstanceReader, signal?: AbortSignal): Promise<readonly string[]> {
  return (await instancesOf(reader, signal)).map(({ url }) => url);
}

/** The reason of a read that fails. */
export async function failureOf(reader: InstanceReader): Promise<string> {
  const error = await reader.read(new AbortController().signal).then(
    ({ instances }) => new Error(`no failure, but ${JSON.stringify(instances)}`),
    (thrown: unknown) => thrown as Error,
  );
  return error.message;
}
