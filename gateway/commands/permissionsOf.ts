import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Permissions } from '../authorize/permissions.ts';
import { GatewayError } from '../errors.ts';
import { loadSource } from '../runtime/loadSource.ts';
import type { Settings } from '../settingsSchema.ts';
import { type Followed, follow } from '../supergraph/follow.ts';
import { FileWatcher } from '../supergraph/watchFiles.ts';

/** What a module of permissions may import of the gateway. */
const providedModules = {
  'tributary/permissions': new URL('../authorize/budget.js', import.meta.url),
};

export interface PermissionsParts {
  readonly settings: Settings;
  readonly cwd: string;
}

/** What is used of the module of `permissions:`. */
export interface LoadedPermissions {
  readonly permissions: Permissions;
  /** The module and what it imports of its own. */
  readonly files: readonly string[];
}

/** Names that a module may export; another one is a mistake that would leave something open. */
const EXPORTS = new Set(['permissions', 'options', 'evaluatePolicies']);

/**
 * Loads the module of `permissions:`; without one there are no rules but those of directives.
 * @throws GatewayError PERMISSIONS_INVALID
 */
export async function permissionsOf({ settings, cwd }: PermissionsParts): Promise<LoadedPermissions> {
  if (settings.permissions === undefined) return { permissions: {}, files: [] };
  const file = path.resolve(cwd, settings.permissions);
  try {
    const { exports, files } = await loadSource(file, providedModules);
    return { permissions: checked(exports), files };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('PERMISSIONS_INVALID', {
      message: `The permissions ${file} cannot be used: ${reason}`,
      cause,
    });
  }
}

function checked(exports: Readonly<Record<string, unknown>>): Permissions {
  const unknown = Object.keys(exports).filter((name) => !EXPORTS.has(name));
  if (unknown.length > 0) {
    throw new Error(
      `it exports ${unknown.join(', ')}, and ${[...EXPORTS].join(', ')} are what the gateway reads`,
    );
  }
  const { permissions, options, evaluatePolicies } = exports;
  if (permissions === undefined && evaluatePolicies === undefined) {
    throw new Error('it exports neither `permissions` nor `evaluatePolicies`');
  }
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    throw new Error('`options` is no object');
  }
  if (evaluatePolicies !== undefined && typeof evaluatePolicies !== 'function') {
    throw new Error('`evaluatePolicies` is no function');
  }
  // the tree itself is read with the supergraph at hand
  return exports as Permissions;
}

export interface FollowedPermissionsOptions extends PermissionsParts {
  readonly files: readonly string[];
  /** @throws GatewayError when they do not fit */
  readonly accept: (permissions: Permissions) => void;
  readonly onRefused: (error: unknown) => void;
  readonly onAccepted: () => void;
}

/** Follows the module and what it imports while the gateway runs: by watching, and by looking at intervals. */
export class FollowedPermissions {
  readonly #options: FollowedPermissionsOptions;
  readonly #watcher = new FileWatcher();
  readonly #followed: Followed | undefined;
  #files: readonly string[];
  /** One after the other: the last one sees the last change. */
  #loading: Promise<void> = Promise.resolve();

  constructor(options: FollowedPermissionsOptions) {
    this.#options = options;
    this.#files = options.files;
    if (options.files.length === 0) return;
    let isFirst = true;
    this.#followed = follow({
      read: () => textsOf(this.#files),
      intervalMs: options.settings.supergraph.poll_interval_ms,
      isSame: (a, b) => a === b,
      onValue: () => {
        // as they were loaded
        if (!isFirst) this.#loading = this.#loading.then(() => this.#load());
        isFirst = false;
      },
      onFailure: () => {},
    });
    this.#watch();
  }

  async stop(): Promise<void> {
    await this.#watcher.close();
    await this.#followed?.stop();
    await this.#loading;
  }

  #watch(): void {
    this.#watcher.watch(new Map(this.#files.map((file) => [file, () => this.#followed?.poke()])));
  }

  async #load(): Promise<void> {
    try {
      const { permissions, files } = await permissionsOf(this.#options);
      this.#files = files;
      this.#watch();
      this.#options.accept(permissions);
      this.#options.onAccepted();
    } catch (error) {
      this.#options.onRefused(error);
    }
  }
}

/** A file that is gone for a moment, as editors do it, is no change yet. */
async function textsOf(files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return JSON.stringify(texts);
}
