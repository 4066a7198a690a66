import { AiError } from '../errors.ts';

interface Waiting {
  readonly enter: () => void;
}

interface Tenant {
  running: number;
  readonly waiting: Waiting[];
}

/**
 * At most so many calls of a tenant are at providers at the same time; the others wait, first come first served. One
 * operation over a list of entities makes as many calls as it has entities: without a bound it takes the provider's
 * whole rate limit from everybody else.
 */
export class TenantSlots {
  readonly #tenants = new Map<string, Tenant>();

  /**
   * Runs `work` when there is room.
   *
   * @throws AiError AI_TENANT_LIMIT when too many wait already; the signal's reason when it was aborted while waiting
   */
  async enter(
    tenant: string,
    limits: { readonly inFlight: number; readonly waiting: number },
    signal: AbortSignal,
  ): Promise<() => void> {
    const state = this.#tenants.get(tenant) ?? { running: 0, waiting: [] };
    this.#tenants.set(tenant, state);
    if (state.running >= limits.inFlight) {
      if (state.waiting.length >= limits.waiting) {
        throw new AiError('AI_TENANT_LIMIT', `More than ${limits.waiting} calls wait already.`, {
          limit: 'WAITING',
          retryAfterMs: 1_000,
        });
      }
      // the place is handed over by the one who leaves, so `running` is already counted
      await waitFor(state.waiting, signal);
    } else {
      state.running += 1;
    }
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const next = state.waiting.shift();
      if (next) next.enter();
      else state.running -= 1;
      if (state.running === 0) this.#tenants.delete(tenant);
    };
  }
}

function waitFor(waiting: Waiting[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      waiting.splice(waiting.indexOf(entry), 1);
      reject(signal.reason);
    };
    const entry = {
      enter: () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      },
    };
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    waiting.push(entry);
  });
}
