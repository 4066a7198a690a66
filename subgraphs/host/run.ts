import { realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Registration } from './registration.ts';
import { registrations } from './registrations.ts';
import { type SubgraphServer, serveSubgraph } from './server.ts';
import { readSettings, SettingsError, type SubgraphSettings } from './settings.ts';
import { type OpenedSubgraph, openSubgraph, type SubgraphDefinition } from './subgraph.ts';

/** How the process ends, apart from 0: the same numbers as the gateway's command. */
const exitCodes = { failed: 1, settings: 3, portTaken: 5 } as const;

/** Whether a module is the one that Node.js was started with, and not imported by another, such as a test. */
export function isMain(moduleUrl: string): boolean {
  const started = process.argv[1];
  if (!started) return false;
  try {
    return realpathSync(started) === realpathSync(fileURLToPath(moduleUrl));
  } catch {
    return false;
  }
}

/**
 * The life of a subgraph's process: settings, database, server, and an end that leaves no request half done.
 * Started with an IPC channel it reports `{ type: 'listening', port }`, and ends when the channel closes, so that a
 * parent that crashes leaves no orphan on the port.
 */
export async function runSubgraph<Tables, Context extends object>(
  definition: SubgraphDefinition<Tables, Context>,
): Promise<void> {
  let settings: SubgraphSettings;
  try {
    settings = readSettings(definition, process.env);
  } catch (error) {
    return fail(exitCodes.settings, (error as Error).message);
  }
  const log = createLog(definition.name, settings);
  const hasParent = process.send !== undefined;
  const ending = new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    process.once('disconnect', () => resolve('disconnect'));
    // the parent may have gone while the modules were loaded
    if (hasParent && !process.connected) resolve('disconnect');
  });

  let subgraph: OpenedSubgraph<Tables, Context>;
  try {
    subgraph = await openSubgraph(definition, { settings, environment: process.env, log });
  } catch (error) {
    if (error instanceof SettingsError) return fail(exitCodes.settings, error.message);
    return fail(exitCodes.failed, `The database of ${definition.name} cannot be used: ${describe(error)}.`);
  }
  let server: SubgraphServer;
  try {
    server = await serveSubgraph(subgraph, settings, log);
  } catch (error) {
    await subgraph.close();
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      return fail(
        exitCodes.portTaken,
        `Another process listens on port ${settings.port}; set PORT to a free one.`,
      );
    }
    return fail(exitCodes.failed, `${definition.name} cannot listen: ${describe(error)}.`);
  }
  log.info({ url: server.url, database: settings.database.kind }, 'listening');
  if (process.connected) process.send?.({ type: 'listening', port: server.port });

  const registration = registered(definition.name, { settings, server, log });

  log.info({ reason: await ending }, 'ending');
  const drainMs = settings.registration?.drainMs ?? 0;
  // a request that hangs must not keep the process for ever
  setTimeout(() => process.exit(exitCodes.failed), 10_000 + drainMs).unref();
  if (registration !== undefined) {
    await registration.end();
    // gateways hear of it, and ask others; until then this one answers
    await delay(drainMs);
  }
  await end(server, subgraph, log);
}

function registered(
  name: string,
  { settings, server, log }: { settings: SubgraphSettings; server: SubgraphServer; log: Logger },
): Registration | undefined {
  if (settings.registration === undefined) return undefined;
  const { registry, host, zone } = settings.registration;
  const { port } = server;
  const announcement = { name, id: `${name}-${host}-${port}`, host, port, zone };
  return registrations[registry.kind](registry, announcement, { log });
}

async function end<Tables, Context extends object>(
  server: SubgraphServer,
  subgraph: OpenedSubgraph<Tables, Context>,
  log: Logger,
): Promise<void> {
  try {
    await server.close();
    await subgraph.close();
    process.exit(0);
  } catch (error) {
    log.error({ err: error }, 'the end failed');
    process.exit(exitCodes.failed);
  }
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join(', ');
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
}

function fail(code: number, sentence: string): void {
  process.stderr.write(`${sentence}\n`);
  process.exit(code);
}

function createLog(name: string, { logLevel, logFormat }: SubgraphSettings): Logger {
  const options = { name, level: logLevel };
  // synchronous: a buffered log whose reader has gone is flushed for ever when the process ends
  if (logFormat === 'json') return pino(options, pino.destination({ sync: true }));
  return pino(
    options,
    pretty({ sync: true, colorize: false, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname,name' }),
  );
}
