import { GatewayError } from '../../../errors.ts';
import type { ExchangeAnswer } from '../exchange.ts';
import { type ReadAnswerOptions, readAnswer } from '../readAnswer.ts';
import type { SubgraphResponse } from '../subgraphRequest.ts';

/**
 * The bytes of an answer, which may be for several who asked the same. Each reads them for itself: data is merged in place, and
 * belongs to one execution.
 */
export class ReceivedAnswer {
  readonly #answer: ExchangeAnswer;
  readonly #reading: ReadAnswerOptions;
  /** What was read to judge the answer; the first who takes it gets this. */
  #read: SubgraphResponse | GatewayError | undefined;
  #isFailure: boolean | undefined;

  constructor(answer: ExchangeAnswer, reading: ReadAnswerOptions) {
    this.#answer = answer;
    this.#reading = reading;
  }

  get status(): number {
    return this.#answer.statusCode;
  }

  /** A header by its name in lower case; `undefined` where it is not there exactly once. */
  header(name: string): string | undefined {
    const value = this.#answer.headers[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Whether the subgraph failed: it says so by its status, or what it sent with a success is no GraphQL response. */
  get isFailure(): boolean {
    this.#isFailure ??= this.#judge();
    return this.#isFailure;
  }

  /** @throws GatewayError as `readAnswer` */
  take(): SubgraphResponse {
    const read = this.#read ?? this.#readNow();
    this.#read = undefined;
    if (read instanceof GatewayError) throw read;
    return read;
  }

  #judge(): boolean {
    const { status } = this;
    if (status < 200 || status >= 300) return status >= 500;
    this.#read = this.#readNow();
    return this.#read instanceof GatewayError;
  }

  #readNow(): SubgraphResponse | GatewayError {
    try {
      return readAnswer(this.#answer, this.#reading);
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
  }
}
