import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Cancellation } from '../../runtime/cancellation.ts';

export interface ExchangeRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface ExchangeLimits {
  /** Time from here to the last byte of the answer, waiting for a connection included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Cancelled when nobody waits for the answer any more. */
  readonly cancellation: Cancellation;
  /** Makes of the answer what the exchange gives; the time, and whether somebody waits, hold for this too. */
  readonly decode?: ((answer: ExchangeAnswer) => Promise<ExchangeAnswer>) | undefined;
  /** Called when the answer begins: its status and headers are there. */
  readonly onAnswering?: (() => void) | undefined;
  /** Asked when the connection fails before an answer begins; what it gives is then the answer. */
  readonly onUnanswered?: ((error: Error) => Promise<ExchangeAnswer> | undefined) | undefined;
}

export interface ExchangeAnswer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  /** The body, in the pieces that it came in. */
  readonly chunks: readonly Buffer[];
}

/** Why an exchange was ended from this side. */
export class ExchangeEnded extends Error {
  readonly reason: 'deadline' | 'tooLarge' | 'clientGone';

  constructor(reason: ExchangeEnded['reason']) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * How long an exchange that nobody waits for any more may go on. Most end by then, and leave a connection that can be used again;
 * over HTTP/1.1 to break one off means to close it. When fifty clients left at once, those after them waited twice as long, as all
 * connections to subgraphs were new.
 */
const LINGER_MS = 100;

/**
 * One POST and its whole answer, over undici's `dispatch`. Its `request` with a stream, an `AbortSignal.timeout` and an
 * `AbortSignal.any` for each exchange took 15 % of the gateway's processor time for small answers; this takes a third of it.
 *
 * @throws ExchangeEnded, or the error of undici
 */
export function exchange(
  dispatcher: Pick<Dispatcher, 'dispatch'>,
  request: ExchangeRequest,
  { timeoutMs, maxBytes, cancellation, decode, onAnswering, onUnanswered }: ExchangeLimits,
): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let ended: ExchangeEnded | undefined;
    let statusCode = 0;
    let headers: IncomingHttpHeaders = {};
    let bytes = 0;
    const chunks: Buffer[] = [];

    const end = (reason: ExchangeEnded['reason']): void => {
      leave(reason);
      abort();
    };
    const leave = (reason: ExchangeEnded['reason']): void => {
      ended = new ExchangeEnded(reason);
      settle();
      reject(ended);
    };
    // before the request has a connection there is nothing to abort yet; `onRequestStart` does it then
    const abort = (): void => controller?.abort(ended as ExchangeEnded);
    const onDeadline = (): void => end('deadline');
    const onCancel = (): void => {
      leave('clientGone');
      timer = setTimeout(abort, LINGER_MS);
    };
    let timer = setTimeout(onDeadline, timeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      cancellation.offCancel(onCancel);
    };
    if (cancellation.isCancelled) {
      end('clientGone');
      return;
    }
    cancellation.onCancel(onCancel);

    dispatcher.dispatch(
      { path: request.path, method: 'POST', headers: request.headers, body: request.body },
      {
        onRequestStart(started) {
          controller = started;
          if (ended !== undefined) started.abort(ended);
        },
        onResponseStart(_controller, status, received) {
          statusCode = status;
          headers = received;
          onAnswering?.();
        },
        onResponseData(_controller, chunk) {
          bytes += chunk.length;
          if (bytes > maxBytes) end('tooLarge');
          else if (ended === undefined) chunks.push(chunk);
        },
        onResponseEnd() {
          // there is nothing to abort any more
          controller = undefined;
          const answer = { statusCode, headers, chunks };
          if (decode === undefined || ended !== undefined) {
            settle();
            resolve(answer);
            return;
          }
          void decode(answer).then(resolve, reject).finally(settle);
        },
        onResponseError(_controller, error) {
          settle();
          const other = ended === undefined && statusCode === 0 ? onUnanswered?.(error) : undefined;
          if (other === undefined) reject(ended ?? error);
          else resolve(other);
        },
      },
    );
  });
}
