import { GraphQLError } from 'graphql';
import type { LeafRule } from './shieldRule.ts';
import { Fault, type MaybePromise, type Verdict, verdictOf } from './verdict.ts';

export interface RuleCallsOptions {
  /** A rule that has not answered by then denies. One deadline for all calls made together. */
  readonly timeoutMs: number;
  /** Whether the client reads the message of any error that a rule throws; shield's `debug`. */
  readonly showsThrown: boolean;
  readonly onFault: (leaf: LeafRule, coordinate: string, cause: unknown) => void;
}

/** What one call of a rule is given, beside the context. */
export interface RuleQuestion {
  readonly coordinate: string;
  readonly parent: unknown;
  readonly args: unknown;
  readonly info: unknown;
}

/** The calls of rules of one request and phase. */
export class RuleCalls {
  readonly #options: RuleCallsOptions;
  readonly #context: unknown;
  #late: Promise<Fault> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RuleCallsOptions, context: unknown) {
    this.#options = options;
    this.#context = context;
  }

  /** Never throws and never rejects: what goes wrong is a fault, and denies. */
  call(leaf: LeafRule, question: RuleQuestion): MaybePromise<Verdict> {
    const { parent, args, info } = question;
    let answer: unknown;
    try {
      answer = leaf.ask(parent, args, this.#context, info);
    } catch (error) {
      return this.#thrown(error, leaf, question);
    }
    if (!isThenable(answer)) return this.#checked(verdictOf(answer), leaf, question);
    const answered = Promise.resolve(answer).then(verdictOf, (error: unknown) =>
      this.#verdictOfThrown(error),
    );
    return Promise.race([answered, this.#deadline()]).then((verdict) =>
      this.#checked(verdict, leaf, question),
    );
  }

  /** Called when no answer is waited for any more. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #thrown(error: unknown, leaf: LeafRule, question: RuleQuestion): Verdict {
    return this.#checked(this.#verdictOfThrown(error), leaf, question);
  }

  /**
   * A `GraphQLError` is thrown for the client to read. Any other may hold anything (an address, a statement), and is a
   * fault of the rule.
   */
  #verdictOfThrown(error: unknown): Verdict {
    const isMeant = error instanceof GraphQLError || (this.#options.showsThrown && error instanceof Error);
    return isMeant ? new ShownFault(error) : new Fault(error);
  }

  #checked(verdict: Verdict, leaf: LeafRule, { coordinate }: RuleQuestion): Verdict {
    if (verdict instanceof Fault && !(verdict instanceof ShownFault)) {
      this.#options.onFault(leaf, coordinate, verdict.cause);
    }
    return verdict;
  }

  #deadline(): Promise<Fault> {
    this.#late ??= new Promise((resolve) => {
      const { timeoutMs } = this.#options;
      this.#timer = setTimeout(
        () => resolve(new Fault(new Error(`The rule did not answer in ${timeoutMs} ms.`))),
        timeoutMs,
      );
    });
    return this.#late;
  }
}

/** An error that a rule threw for the client to read. `not` of it denies, as of every fault. */
export class ShownFault extends Fault {}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
