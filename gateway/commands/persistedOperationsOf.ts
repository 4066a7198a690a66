import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import type { DocumentGuard } from '../limit/documentGuard.ts';
import { AutomaticQueries, type SharedTexts } from '../operation/automaticQueries.ts';
import { OperationList, readManifest } from '../operation/persistedManifest.ts';
import { type PersistedLevel, PersistedOperations } from '../operation/persistedOperations.ts';
import type { RedisLink } from '../runtime/redisLink.ts';
import type { Settings } from '../settingsSchema.ts';
import { FileWatcher } from '../supergraph/watchFiles.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

interface PersistedOperationsParts {
  readonly settings: Settings;
  readonly cwd: string;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

export interface FollowedOperations {
  readonly operations: PersistedOperations;
  stop(): Promise<void>;
}

/**
 * Reads the manifests, and follows them while the gateway runs: what is broken changes nothing.
 * @returns `undefined` where the settings name none
 * @throws GatewayError SETTINGS_INVALID for a manifest that cannot be read at the start
 */
export async function followPersistedOperations({
  settings,
  cwd,
  log,
  telemetry,
}: PersistedOperationsParts): Promise<FollowedOperations | undefined> {
  const files = settings.persisted_queries.local_manifests.map((file) => path.resolve(cwd, file));
  if (files.length === 0) return undefined;
  const operations = new PersistedOperations({
    list: await readList(files),
    level: levelOf(settings.persisted_queries),
    hasAutomatic: hasAutomaticQueries(settings),
    introspection: settings.introspection !== 'off',
    log,
    telemetry,
  });
  const watcher = new FileWatcher();
  let reading: Promise<void> = Promise.resolve();
  // one read after the other: the last one sees the last change
  const readAgain = (): void => {
    reading = reading.then(async () => {
      try {
        const list = await readList(files);
        operations.use(list);
        log.info(`the persisted query list has changed: ${list.size} operations`);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error(`${reason}\nthe persisted query list before stays in force`);
      }
    });
  };
  watcher.watch(new Map(files.map((file) => [file, readAgain])));
  return {
    operations,
    stop: async () => {
      await watcher.close();
      await reading;
    },
  };
}

async function readList(files: readonly string[]): Promise<OperationList> {
  const lists = await Promise.all(
    files.map(async (file) => {
      try {
        const operations = readManifest(await readFile(file, 'utf8'));
        // what does not parse is told with its file
        new OperationList(operations);
        return operations;
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new GatewayError('SETTINGS_INVALID', {
          message: `The persisted query manifest ${file} cannot be used: ${reason}`,
          cause,
        });
      }
    }),
  );
  return new OperationList(lists.flat());
}

function levelOf({ log_unknown, safelist }: Settings['persisted_queries']): PersistedLevel {
  if (safelist.enabled) return safelist.require_id ? 'ids' : 'safelist';
  return log_unknown ? 'logged' : 'known';
}

/** A list of what may be asked is none when clients may add to it. */
function hasAutomaticQueries({ apq, persisted_queries }: Settings): boolean {
  if (apq.enabled === true && persisted_queries.safelist.enabled) {
    throw new GatewayError('SETTINGS_INVALID', {
      message: 'apq.enabled: cannot be on beside `persisted_queries.safelist`: clients would add to the list',
    });
  }
  return apq.enabled ?? !persisted_queries.safelist.enabled;
}

interface AutomaticQueriesParts {
  readonly settings: Settings;
  readonly redis: RedisLink | undefined;
  readonly documentGuard: DocumentGuard;
}

/** What clients register, as the settings say; `undefined` where they cannot. */
export function automaticQueriesOf({
  settings,
  redis,
  documentGuard,
}: AutomaticQueriesParts): AutomaticQueries | undefined {
  if (!hasAutomaticQueries(settings)) return undefined;
  const { max_entries, max_document_bytes, ttl_seconds } = settings.apq;
  return new AutomaticQueries({
    maxEntries: max_entries,
    maxDocumentBytes: max_document_bytes,
    shared: redis && sharedTexts(redis, { keyPrefix: settings.redis.key_prefix, ttlSeconds: ttl_seconds }),
    isAllowed: (text) => documentGuard.check(text) === undefined,
  });
}

/** Texts in Redis. While it is away nothing is found there: clients send the document, and are served. */
function sharedTexts(
  redis: RedisLink,
  { keyPrefix, ttlSeconds }: { readonly keyPrefix: string; readonly ttlSeconds: number },
): SharedTexts {
  return {
    get: async (key) => {
      const text = await redis.send(['GET', keyPrefix + key]).catch(() => undefined);
      return typeof text === 'string' ? text : undefined;
    },
    set: async (key, text) => {
      await redis.send(['SET', keyPrefix + key, text, 'EX', String(ttlSeconds)]).catch(() => {});
    },
  };
}
