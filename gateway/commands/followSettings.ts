import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Settings } from '../settingsSchema.ts';
import { FileWatcher } from '../supergraph/watchFiles.ts';
import type { ServeOptions } from './serving.ts';

export interface FollowSettingsOptions {
  /** In force at the start. */
  readonly settings: Settings;
  /** @throws GatewayError SETTINGS_INVALID */
  readonly read: () => Settings;
  /**
   * Puts settings in force.
   * @throws when they cannot be; those before stay in force
   */
  readonly accept: (settings: Settings) => Promise<void>;
  readonly log: Logger;
}

/**
 * What belongs to the process, its port and its HTTP server, or to the flow of the configuration: it is read at a start,
 * and stays as it was until the next one.
 */
const UNTIL_RESTART = [
  'listen',
  'supergraph',
  'composition',
  'workers',
  'log',
  'dev',
  'compression',
  'cors',
  'explorer',
  'trusted_proxies',
  'batching',
  'limits.max_body_bytes',
  'limits.max_header_bytes',
  'limits.headers_timeout_ms',
  'limits.request_timeout_ms',
  'limits.keep_alive_timeout_ms',
  'limits.drain_timeout_ms',
  'traffic_shaping.inbound.deduplicate_query',
] as const;

/** Follows the settings file while the gateway runs: a change is put in force, and a file that is wrong is refused. */
export class FollowedSettings {
  readonly #options: FollowSettingsOptions;
  readonly #watcher = new FileWatcher();
  #inForce: Settings;
  #reloading: Promise<void> = Promise.resolve();
  #isStopping = false;
  /** Not said again while it stays so. */
  #saidKeys = '';

  constructor(options: FollowSettingsOptions) {
    this.#options = options;
    this.#inForce = options.settings;
    const { path: file } = options.settings;
    if (file !== undefined) this.#watcher.watch(new Map([[file, () => void this.reload()]]));
  }

  /** Reads the settings again, one read after the other. It never throws: what is wrong is logged. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reloadNow());
    return this.#reloading;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#watcher.close();
    await this.#reloading;
  }

  async #reloadNow(): Promise<void> {
    if (this.#isStopping) return;
    const { read, accept, log } = this.#options;
    try {
      const written = read();
      const { settings, kept } = keeping(written, this.#inForce);
      if (kept.length > 0 && kept.join() !== this.#saidKeys) {
        log.warn({ settings: kept }, 'settings have changed that need a restart; they stay as they were');
      }
      this.#saidKeys = kept.join();
      if (isDeepStrictEqual(settings, this.#inForce)) return;
      await accept(settings);
      this.#inForce = settings;
      log.info('the settings have changed');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error(`${reason}\nthe settings before stay in force`);
    }
  }
}

/** Follows the settings of a gateway that serves, where there is a way to read them again. */
export function followSettings({
  readSettings,
  ...options
}: Omit<FollowSettingsOptions, 'read'> & Pick<ServeOptions, 'readSettings'>): FollowedSettings | undefined {
  return readSettings === undefined ? undefined : new FollowedSettings({ ...options, read: readSettings });
}

/** What of the settings a gateway that runs does not take up: when it differs, a restart is needed. */
export function settingsUntilRestart(settings: Settings): Readonly<Record<string, unknown>> {
  return Object.fromEntries(UNTIL_RESTART.map((key) => [key, valueAt(settings, key)]));
}

function valueAt(settings: Settings, key: string): unknown {
  const [group = '', name] = key.split('.');
  const value: unknown = Reflect.get(settings, group);
  return name === undefined ? value : Reflect.get(value as object, name);
}

/** The settings as written, but for what stays until a restart; and the names of what would have changed of that. */
function keeping(
  written: Settings,
  inForce: Settings,
): { readonly settings: Settings; readonly kept: readonly string[] } {
  const settings: Record<string, unknown> = { ...written };
  const kept: string[] = [];
  for (const key of UNTIL_RESTART) {
    const [group = '', name] = key.split('.');
    const before = Reflect.get(inForce, group) as unknown;
    if (name === undefined) {
      if (!isDeepStrictEqual(settings[group], before)) kept.push(key);
      settings[group] = before;
      continue;
    }
    const value = Reflect.get(before as object, name) as unknown;
    if (!isDeepStrictEqual(Reflect.get(settings[group] as object, name), value)) kept.push(key);
    settings[group] = { ...(settings[group] as object), [name]: value };
  }
  return { settings: settings as Settings, kept };
}
