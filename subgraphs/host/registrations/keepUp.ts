import type { Logger } from 'pino';
import type { Registration } from '../registration.ts';

export interface KeepUpOptions {
  /** What it is called in the log: `Consul`. */
  readonly registry: string;
  readonly intervalMs: number;
  readonly log: Logger;
  register(): Promise<void>;
  /** @returns whether the registry still knows the instance */
  renew(): Promise<boolean>;
  deregister(): Promise<void>;
}

const FIRST_RETRY_MS = 250;

/** Registers, renews in intervals, and registers again when the registry has forgotten; a failure is tried again sooner. */
export function keepUp(options: KeepUpOptions): Registration {
  const { registry, intervalMs, log } = options;
  let isRegistered = false;
  let isEnding = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let step: Promise<void> = Promise.resolve();

  const renewOnce = async (): Promise<void> => {
    if (isRegistered && (await options.renew())) return;
    await options.register();
    isRegistered = true;
    log.info(`registered at ${registry}`);
  };
  const next = async (): Promise<void> => {
    try {
      await renewOnce();
      failures = 0;
    } catch (error) {
      failures += 1;
      // said once an outage
      if (failures === 1) log.warn({ err: error }, `${registry} cannot be reached; it is tried again`);
    }
    if (isEnding) return;
    const waitMs = failures === 0 ? intervalMs : Math.min(intervalMs, FIRST_RETRY_MS * 2 ** (failures - 1));
    timer = setTimeout(() => {
      step = next();
    }, waitMs);
  };
  step = next();

  return {
    async end() {
      isEnding = true;
      clearTimeout(timer);
      await step;
      clearTimeout(timer);
      if (!isRegistered) return;
      try {
        await options.deregister();
        log.info(`deregistered from ${registry}`);
      } catch (error) {
        log.warn(
          { err: error },
          `${registry} could not be told that this instance ends; it finds out by itself`,
        );
      }
    },
  };
}

const REQUEST_TIMEOUT_MS = 2_000;

/** One request to a registry. @returns the status, when it is one of those expected */
export async function ask(
  url: string,
  request: { readonly method: string; readonly headers?: Record<string, string>; readonly body?: unknown },
  expected: readonly number[],
): Promise<number> {
  const { method, headers, body } = request;
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  await response.arrayBuffer();
  if (!expected.includes(response.status)) throw new Error(`HTTP status ${response.status}`);
  return response.status;
}
