import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Principal } from '../host/principal.ts';
import { SettingsError } from '../host/settings.ts';
import type { OpenedParts, OpenParts } from '../host/subgraph.ts';
import type { AiSettings } from './aiSettings.ts';
import type { AnswerCache } from './cache/answerCache.ts';
import { memoryCache } from './cache/memoryCache.ts';
import { redisCache } from './cache/redisCache.ts';
import { Circuits } from './call/circuits.ts';
import { EmbeddingCalls } from './call/embeddingCalls.ts';
import { ModelCalls, type ModelCallsParts } from './call/modelCalls.ts';
import { ProviderClients } from './call/providerClients.ts';
import { TenantSlots } from './call/tenantSlots.ts';
import { callerOf } from './caller.ts';
import { type AiContext, createContext } from './context.ts';
import type { LocalEngine } from './local/contract.ts';
import { DiscoveredModels } from './models/availability.ts';
import { LiveModels } from './models/liveModels.ts';
import { ModelsError } from './models/readModels.ts';
import { openLedger } from './money/ledger.ts';
import { createPriceList } from './money/prices.ts';
import type { MoneyTables } from './money/tables.ts';
import { LivePrompts } from './prompt/livePrompts.ts';
import { PromptError } from './prompt/promptProblem.ts';
import { serveRest } from './rest/serveRest.ts';
import type { Services } from './services.ts';
import { serveSubscriptions } from './subscriptions/serveSubscriptions.ts';
import { openTelemetry } from './telemetry/openTelemetry.ts';
import { callTelemetry } from './telemetry.ts';
import { totalsExtension } from './totalsExtension.ts';
import { watchFiles } from './watchFiles.ts';

export interface AiParts {
  readonly settings: AiSettings;
  readonly local: LocalEngine;
}

/**
 * Puts the subgraph together: configuration, prompts, calls, and what serves them beside `/graphql`.
 *
 * @throws SettingsError for a models.yaml or prompt files that cannot be used
 */
export async function openAi(
  { db, environment, log, readPrincipal }: OpenParts<MoneyTables>,
  { settings, local }: AiParts,
): Promise<OpenedParts<AiContext>> {
  const availability = new DiscoveredModels();
  const { models, prompts } = readFiles();
  await availability.follow(models.current().providers.values());

  const ledger = openLedger({
    db,
    settings: () => models.current().money,
    onSweepError: (error) => log.warn({ err: error }, 'the ledger could not be swept'),
  });
  const circuits = new Circuits();
  const prices = createPriceList();
  const cache = await openCache();
  const parts: ModelCallsParts = {
    models: () => models.current(),
    availability,
    chain: {
      clients: new ProviderClients(),
      circuits,
      warn: (details, message) => log.warn(details, message),
      pause: (ms, signal) => wait(ms, undefined, { signal }),
    },
    slots: new TenantSlots(),
    ledger,
    prices,
    cache,
    telemetry: callTelemetry(log, [openTelemetry()]),
    recordContent: settings.recordContent,
  };
  const services: Services = {
    models: () => models.current(),
    availability,
    circuits,
    calls: new ModelCalls(parts),
    embeddings: new EmbeddingCalls(parts, local),
    ledger,
    prices,
    local,
    log,
  };
  const reload = async (): Promise<void> => {
    await models.reload();
    prompts.reload(models.current());
  };
  const watching = settings.watch
    ? await watchFiles([settings.modelsFile, settings.promptsFolder], () => void reload())
    : null;

  const contextOf = (principal: Principal, signal: AbortSignal): AiContext =>
    createContext(services, { caller: callerOf(principal, settings.tenantClaim), signal });
  const onUnexpected = (error: unknown): void => log.error({ err: error }, 'a resolver failed');
  let subscriptions: { close(): Promise<void> } | null = null;

  return {
    context: contextOf,
    liveSchema: {
      current: () => prompts.current(),
      onChange: (listener) => prompts.onChange(listener),
    },
    plugins: [totalsExtension],
    routes(app: FastifyInstance) {
      serveRest(app, {
        schema: () => prompts.current(),
        prompts: () => prompts.prompts(),
        context: (request, signal) => contextOf(readPrincipal(request.headers), signal),
        onUnexpected,
      });
      subscriptions = serveSubscriptions(app, {
        schema: () => prompts.current(),
        context: (request, signal) => contextOf(readPrincipal(request.headers), signal),
        isValid: (request) => hasValidPrincipal(request.headers),
        onUnexpected,
      });
      app.addHook('preClose', () => subscriptions?.close());
    },
    async stop() {
      availability.stop();
      await watching?.close();
      await local.close();
      await ledger.close();
      await cache.close();
    },
  };

  function readFiles(): { models: LiveModels; prompts: LivePrompts } {
    try {
      const file = settings.modelsFile;
      const live = new LiveModels({ file, environment, availability, log });
      const folder = settings.promptsFolder;
      const compiled = new LivePrompts({ schemaFile: settings.schemaFile, folder, log }, live.current());
      return { models: live, prompts: compiled };
    } catch (error) {
      const isSettings = error instanceof ModelsError || error instanceof PromptError;
      if (isSettings || isMissingFile(error)) throw new SettingsError((error as Error).message);
      throw error;
    }
  }

  function hasValidPrincipal(headers: IncomingHttpHeaders): boolean {
    try {
      readPrincipal(headers);
      return true;
    } catch {
      return false;
    }
  }

  async function openCache(): Promise<AnswerCache> {
    if (settings.redisUrl === undefined) return memoryCache();
    return redisCache({
      url: settings.redisUrl,
      // the URL may hold a password
      onFault: (error) =>
        log.warn({ code: (error as { code?: unknown }).code }, 'the cache in Redis is away'),
    });
  }
}

function isMissingFile(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
