import { createHash } from 'node:crypto';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { createClient } from '@redis/client';

export interface RedisLinkOptions {
  /** `redis://user:password@host:6379/0` */
  readonly url: string;
  /** A command that takes longer is given up. */
  readonly commandTimeoutMs: number;
  /** Called once when the server goes away, and once when it is there again. */
  readonly onChange: (state: LinkState) => void;
}

export type LinkState = { readonly isUp: true } | { readonly isUp: false; readonly reason: string };

/** The server did not answer: it is away, too slow, or answered with an error. The message names no address. */
export class RedisAwayError extends Error {
  override readonly name = 'RedisAwayError';
}

/** A Lua script, and the hash that Redis knows it by. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

export function redisScript(text: string): RedisScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** A connection that is not ready in this time is begun anew. */
const CONNECT_TIMEOUT_MS = 2000;
const RECONNECT_DELAY_MS = 250;
/** A busy server may be late once. When all commands of this time were, it is away. */
const SILENCE_MS = 250;

const INITIAL: LinkState = { isUp: false, reason: 'it is not connected yet' };

/** What is used of a client; its own type depends on modules and scripts that it was made with. */
interface Client {
  readonly isOpen: boolean;
  sendCommand(command: string[]): Promise<unknown>;
  destroy(): void;
}

/**
 * One connection to Redis for what may not wait for it. While the server is away every command is refused at once. When it
 * has answered nothing for a while the connection is ended: one that lost its peer without a word is not found out
 * otherwise. Another one is begun until the link is closed.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #state: LinkState = INITIAL;
  /** Since when every command has been late. */
  #silentSince: number | undefined;
  readonly #loop: Promise<void>;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#loop = this.#keepConnected();
  }

  get isUp(): boolean {
    return this.#state.isUp;
  }

  /**
   * Sends one command.
   * @throws RedisAwayError
   */
  async send(command: readonly string[]): Promise<unknown> {
    const client = this.#client;
    if (client === undefined) throw new RedisAwayError('Redis is not connected.');
    let isAnswered = false;
    const answer = client.sendCommand([...command]).finally(() => {
      isAnswered = true;
      this.#silentSince = undefined;
    });
    answer.catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(async () => {
        // after a turn that was long itself, the answer may be there and not read yet
        await nextTurn();
        await nextTurn();
        if (isAnswered) return;
        const message = `Redis did not answer in ${this.#options.commandTimeoutMs} ms.`;
        const now = performance.now();
        this.#silentSince ??= now - this.#options.commandTimeoutMs;
        if (now - this.#silentSince >= SILENCE_MS) this.#lose(client, message);
        reject(new RedisAwayError(message));
      }, this.#options.commandTimeoutMs);
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      if (error instanceof RedisAwayError) throw error;
      throw new RedisAwayError(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Runs a script: by its hash, and with its text where the server has forgotten it.
   * @throws RedisAwayError
   */
  async run(
    { text, sha }: RedisScript,
    { keys, values }: { readonly keys: readonly string[]; readonly values: readonly string[] },
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...values];
    try {
      return await this.send(['EVALSHA', sha, ...rest]);
    } catch (error) {
      if (!(error instanceof RedisAwayError) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await this.send(['EVAL', text, ...rest]);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const client = this.#client;
    this.#client = undefined;
    if (client?.isOpen === true) client.destroy();
    await this.#loop;
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const client = createClient({
        url: this.#options.url,
        disableOfflineQueue: true,
        socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false },
      });
      const ended = new Promise<string>((resolve) => {
        client.on('error', (error: Error) => resolve(error.message));
        client.on('end', () => resolve('the connection has ended'));
      });
      const ready = client.connect().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      const late = delay(CONNECT_TIMEOUT_MS, 'it does not answer', { signal }).catch(() => 'closed');
      const failure = await Promise.race([ready, late, ended]);
      if (failure === undefined && !signal.aborted) {
        this.#client = client;
        this.#silentSince = undefined;
        this.#become({ isUp: true });
        this.#lose(client, await ended);
      } else {
        this.#lose(client, failure ?? 'closed');
      }
      await delay(RECONNECT_DELAY_MS, undefined, { signal }).catch(() => {});
    }
  }

  #lose(client: Client, reason: string): void {
    if (this.#client === client) this.#client = undefined;
    if (client.isOpen) client.destroy();
    this.#become({ isUp: false, reason });
  }

  #become(state: LinkState): void {
    const isNews = state.isUp !== this.#state.isUp || this.#state === INITIAL;
    this.#state = state;
    if (isNews && !this.#closing.signal.aborted) this.#options.onChange(state);
  }
}
