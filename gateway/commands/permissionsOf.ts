import path from 'node:path';
import type { Permissions } from '../authorize/permissions.ts';
import { GatewayError } from '../errors.ts';
import { loadSource } from '../runtime/loadSource.ts';
import type { Settings } from '../settingsSchema.ts';
import { FileWatcher } from '../supergraph/watchFiles.ts';

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
    const { exports, files } = await loadSource(file);
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

/** Follows the module while the gateway runs. */
export class FollowedPermissions {
  readonly #options: FollowedPermissionsOptions;
  readonly #watcher = new FileWatcher();
  #reading: Promise<void> = Promise.resolve();

  constructor(options: FollowedPermissionsOptions) {
    this.#options = options;
    this.#watch(options.files);
  }

  async stop(): Promise<void> {
    await this.#watcher.close();
    await this.#reading;
  }

  #watch(files: readonly string[]): void {
    this.#watcher.watch(new Map(files.map((file) => [file, () => this.#readAgain()])));
  }

  /** One read after the other: the last one sees the last change. */
  #readAgain(): void {
    this.#reading = this.#reading.then(async () => {
      try {
        const { permissions, files } = await permissionsOf(this.#options);
        this.#watch(files);
        this.#options.accept(permissions);
        this.#options.onAccepted();
      } catch (error) {
        this.#options.onRefused(error);
      }
    });
  }
}
