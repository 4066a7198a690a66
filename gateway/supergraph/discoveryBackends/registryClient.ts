import type { IncomingHttpHeaders } from 'node:http';
import { boundedRequest, requestProblem } from '../../runtime/boundedRequest.ts';

export interface RegistryClientOptions {
  /** What it is called in messages: `Consul`. */
  readonly name: string;
  /** Base URLs without a last `/`; user and password in them become basic authentication. */
  readonly addresses: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed; `undefined` for an answer that is no success. */
  readonly json: unknown;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Asks one of several servers of a registry, always the same one for as long as that answers. */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  #at = 0;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
  }

  /**
   * @param path behind the base URL: `/v1/health/service/reviews?passing`
   * @param waitMs how long the server was asked to wait, on top of the time that an answer may take
   * @throws Error in words when no server answers, or one answers with what is no JSON; statuses are for the caller
   */
  async get(path: string, signal: AbortSignal, waitMs = 0): Promise<RegistryAnswer> {
    const { addresses } = this.#options;
    let failure: unknown;
    for (const _ of addresses) {
      try {
        const answer = await this.#ask(addresses[this.#at] ?? '', path, { signal, waitMs });
        // a server that is not well sends the client to the next
        if (answer.status < 500) return answer;
        failure = new Error(`${this.#options.name} answered with HTTP status ${answer.status}`);
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
      this.#at = (this.#at + 1) % addresses.length;
    }
    throw failure;
  }

  async #ask(
    address: string,
    path: string,
    { signal, waitMs }: { readonly signal: AbortSignal; readonly waitMs: number },
  ): Promise<RegistryAnswer> {
    const { name, timeoutMs } = this.#options;
    const { origin, pathname, username, password } = new URL(address);
    const authorization: Readonly<Record<string, string>> =
      username === ''
        ? {}
        : {
            authorization: `Basic ${Buffer.from(decodeURIComponent(`${username}:${password}`)).toString('base64')}`,
          };
    const limitMs = Math.ceil(waitMs + timeoutMs);
    const deadline = AbortSignal.timeout(limitMs);
    try {
      const { status, headers, text } = await boundedRequest({
        url: `${origin}${pathname === '/' ? '' : pathname}${path}`,
        headers: { ...this.#options.headers, ...authorization, accept: 'application/json' },
        maxBytes: MAX_ANSWER_BYTES,
        signal: AbortSignal.any([signal, deadline]),
      });
      return { status, headers, json: status === 200 ? parse(text) : undefined };
    } catch (cause) {
      if (deadline.aborted) throw new Error(`${name} did not answer within ${limitMs} ms`, { cause });
      throw new Error(`${name} could not be asked: ${requestProblem(cause)}`, { cause });
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error('its answer is not JSON', { cause });
  }
}
