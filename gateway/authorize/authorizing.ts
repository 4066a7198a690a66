import { GraphQLError } from 'graphql';
import { jsonOf } from '../runtime/longNumber.ts';
import type { Authorization, AuthorizationRequest, AuthorizerOptions } from './authorization.ts';
import type { PolicyAnswers } from './clause.ts';
import type { DecisionVector } from './decisions.ts';
import { CUT } from './denials.ts';
import type { Conditions, GuardedOperation, Permitted } from './guardedOperation.ts';
import { type Answer, OperationDecision } from './operationDecision.ts';
import type { Question } from './operationQuestions.ts';
import { type HiddenField, readParent } from './parentReader.ts';
import type { ParentPlace } from './parentWalk.ts';
import { policiesOf, policyAnswers } from './policyAnswers.ts';
import type { KeyOf } from './responseShape.ts';
import { RuleCalls, ShownFault } from './ruleCalls.ts';
import type { RuleContext } from './ruleContext.ts';
import { rootParent } from './ruleInfo.ts';
import type { Guard } from './ruleTable.ts';
import type { LeafRule } from './shieldRule.ts';
import { Fault, isPromise, type MaybePromise } from './verdict.ts';
import type { VisibleSchemas } from './visibleSchema.ts';

/** Source: Apollo Router, authorization directives. */
const MESSAGE = 'Unauthorized field or type';
export const UNAUTHORIZED = 'UNAUTHORIZED_FIELD_OR_TYPE';

/** Parents that differ in so much are told apart by being other objects. */
const MAX_PARENT_KEY = 2_000;

export interface AuthorizingOptions {
  readonly request: AuthorizationRequest;
  readonly guarded: GuardedOperation;
  readonly options: AuthorizerOptions;
  /** Given where introspection of the operation is to show what the principal may ask. */
  readonly visibleSchemas: VisibleSchemas | undefined;
}

/** The authorization of one request: nothing of it outlives the answer. */
export class Authorizing {
  readonly #options: AuthorizerOptions;
  readonly #request: AuthorizationRequest;
  readonly #guarded: GuardedOperation;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #visibleSchemas: VisibleSchemas | undefined;
  readonly #context: RuleContext;
  readonly #answers = new Map<Question, Answer>();
  readonly #errors: GraphQLError[] = [];
  #decision: OperationDecision | undefined;

  constructor({ request, guarded, options, visibleSchemas }: AuthorizingOptions) {
    this.#options = options;
    this.#request = request;
    this.#guarded = guarded;
    this.#variables = request.coerced;
    this.#visibleSchemas = visibleSchemas;
    this.#context = contextOf(request);
  }

  async run(): Promise<Authorization> {
    const { isDryRun, rejectsUnauthorized } = this.#options;
    const conditions = this.#guarded.conditionsOf(this.#variables);
    const vector = await this.#decide(conditions);
    const decided = this.#guarded.permitted(vector);
    const places = this.#guarded.deniedPlaces(decided, conditions);
    for (const { path, question } of places) {
      const answer = question && this.#answers.get(question);
      this.#errors.push(await this.#errorAt(path, question, { answer, parent: rootParent }));
    }
    if (rejectsUnauthorized && !isDryRun && places.length > 0) return { kind: 'ended', errors: this.#errors };
    const permitted = isDryRun ? this.#guarded.permitted(vector.replaceAll('-', '+')) : decided;
    return {
      kind: 'authorized',
      permitted,
      errors: this.#errors,
      shape: {
        operation: this.#guarded.operation,
        fragments: this.#guarded.fragments,
        variables: this.#variables,
        denials: permitted.decisions,
        introspected: await this.#visibleSchema(),
        cut: permitted.asksParents
          ? (data, keyOf) => this.#cut(data, keyOf, permitted, conditions)
          : undefined,
      },
    };
  }

  async #decide(conditions: Conditions): Promise<DecisionVector> {
    const { vectors, isDecidedByPrincipal } = this.#guarded;
    if (!isDecidedByPrincipal) return this.#askAll(conditions, await this.#policiesOfOperation(conditions));
    const { kind, scopes } = this.#request.client.principal;
    const key = JSON.stringify([conditions.key, kind === 'anonymous', scopes]);
    // nothing but the principal is asked, so that there is nothing to wait for
    return vectors.getOrMake(key, () => this.#askAll(conditions, new Map()) as DecisionVector);
  }

  #askAll(conditions: Conditions, policies: PolicyAnswers): MaybePromise<DecisionVector> {
    const active = this.#guarded.activeQuestions(conditions);
    const { questions, schema, operation, fragmentsByName: fragments } = this.#guarded;
    const decision = new OperationDecision({
      principal: this.#request.client.principal,
      policies,
      source: { schema, operation, fragments, variables: this.#variables },
    });
    this.#decision = decision;
    const calls = this.#ruleCalls();
    const waiting: Promise<unknown>[] = [];
    for (const question of questions) {
      if (!active.has(question.id)) continue;
      const answer = decision.decide(question, calls);
      if (isPromise(answer)) waiting.push(answer.then((each) => this.#answers.set(question, each)));
      else this.#answers.set(question, answer);
    }
    const vector = (): DecisionVector =>
      questions
        .map((each) => (active.has(each.id) ? (this.#answers.get(each)?.decision ?? '-') : '.'))
        .join('');
    if (waiting.length === 0) return vector();
    return Promise.all(waiting).then(() => {
      calls.end();
      return vector();
    });
  }

  #policiesOfOperation(conditions: Conditions): Promise<PolicyAnswers> {
    const active = this.#guarded.activeQuestions(conditions);
    const asked = this.#guarded.questions.filter(({ id }) => active.has(id));
    return this.#policies(asked.map(({ guard }) => guard));
  }

  /** Asked once for all names. Whatever goes wrong, no policy holds. */
  async #policies(guards: Iterable<Guard>): Promise<PolicyAnswers> {
    const names = policiesOf(guards);
    const { evaluatePolicies, ruleTimeoutMs, onFault } = this.#options;
    if (names.length === 0 || evaluatePolicies === undefined) return new Map();
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(
          () => reject(new Error(`The policies were not answered in ${ruleTimeoutMs} ms.`)),
          ruleTimeoutMs,
        );
      });
      return policyAnswers(names, await Promise.race([evaluatePolicies(names, this.#context), late]));
    } catch (error) {
      onFault('the evaluator of policies failed', error, this.#request.client);
      return new Map();
    } finally {
      clearTimeout(timer);
    }
  }

  async #visibleSchema() {
    if (this.#visibleSchemas === undefined) return undefined;
    const policies = await this.#policies(this.#options.table.guards());
    const calls = this.#ruleCalls({ isSilent: true });
    const schema = await this.#visibleSchemas.visibleTo(this.#context.principal, policies, calls);
    calls.end();
    return schema;
  }

  async #cut(
    data: Record<string, unknown>,
    keyOf: KeyOf,
    permitted: Permitted,
    conditions: Conditions,
  ): Promise<void> {
    const calls = this.#ruleCalls();
    const asked = new Map<Question, Map<unknown, AskedParent>>();
    const denied: { readonly place: ParentPlace; readonly parent: AskedParent }[] = [];
    const waiting: Promise<unknown>[] = [];
    this.#guarded.parentWalk(
      permitted,
      conditions,
      keyOf,
    )(data, (place) => {
      const parent = this.#askParent(place, { keyOf, calls, asked });
      const onAnswer = ({ decision }: Answer): void => {
        if (decision !== '+') denied.push({ place, parent });
      };
      if (isPromise(parent.answer)) waiting.push(parent.answer.then(onAnswer));
      else onAnswer(parent.answer);
    });
    await Promise.all(waiting);
    calls.end();
    const told = new Set<string>();
    for (const { place, parent } of denied) {
      if (!this.#options.isDryRun) place.object[place.key] = CUT;
      const key = JSON.stringify(place.path);
      if (told.has(key)) continue;
      told.add(key);
      const [anyParent = rootParent] = parent.parents.values();
      this.#errors.push(
        await this.#errorAt(place.path, place.question, { answer: await parent.answer, parent: anyParent }),
      );
    }
  }

  /** One call for each distinct rule, parent and arguments: a question stands for the first and the last of them. */
  #askParent({ question, object }: ParentPlace, { keyOf, calls, asked }: AskParentOptions): AskedParent {
    const byParent = asked.get(question) ?? new Map<unknown, AskedParent>();
    asked.set(question, byParent);
    const parents = new Map<LeafRule, Record<string, unknown>>();
    for (const { parentFields } of question.guard.rules) {
      for (const [leaf, { fields }] of parentFields) {
        const hidden = fields.map(
          (field, index): HiddenField => ({ field, alias: this.#guarded.hiddenAlias(leaf, index) }),
        );
        parents.set(leaf, readParent(object, question.type.name, hidden, keyOf));
      }
    }
    const text = jsonOf([...parents.values()]) ?? '';
    const key = text.length <= MAX_PARENT_KEY ? text : object;
    let known = byParent.get(key);
    if (known === undefined) {
      if (this.#decision === undefined)
        throw new Error('The operation is decided before its parents are asked.');
      known = {
        parents,
        answer: this.#decision.decideWithParent(question, (leaf) => parents.get(leaf), calls),
      };
      byParent.set(key, known);
    }
    return known;
  }

  /** @returns what the client is told of a place: what the rule gave for it, or shield's `fallbackError`, or our words */
  async #errorAt(
    path: readonly string[],
    question: Question | undefined,
    { answer, parent }: { readonly answer: Answer | undefined; readonly parent: unknown },
  ): Promise<GraphQLError> {
    const verdict = answer?.verdict;
    let shown =
      verdict instanceof ShownFault ? verdict.cause : verdict instanceof Error ? verdict : undefined;
    // a directive that denies gives no verdict; what shield falls back to is for its rules
    if (shown === undefined && question !== undefined && verdict !== undefined) {
      shown = await this.#fallbackError(verdict instanceof Fault ? verdict.cause : null, question, parent);
    }
    const {
      http: _http,
      service: _service,
      ...extensions
    } = shown instanceof GraphQLError ? shown.extensions : {};
    return new GraphQLError(shown instanceof Error ? shown.message : MESSAGE, {
      path,
      extensions: { ...extensions, code: extensions.code ?? UNAUTHORIZED },
    });
  }

  /** Source: graphql-shield 7.6.5, `fallbackError`: a message, an error, or a function that makes one. */
  async #fallbackError(cause: unknown, question: Question, parent: unknown): Promise<unknown> {
    const { fallbackError } = this.#options.shieldOptions;
    if (typeof fallbackError === 'string') return new Error(fallbackError);
    if (typeof fallbackError !== 'function') return fallbackError;
    const input = this.#decision?.inputOf(question);
    try {
      return await fallbackError(
        cause,
        parent as object,
        (input?.args ?? {}) as object,
        this.#context as never,
        input?.info as never,
      );
    } catch (error) {
      this.#options.onFault('`fallbackError` failed', error, this.#request.client);
      return undefined;
    }
  }

  #ruleCalls({ isSilent = false } = {}): RuleCalls {
    const { ruleTimeoutMs, shieldOptions, onFault } = this.#options;
    return new RuleCalls(
      {
        timeoutMs: ruleTimeoutMs,
        showsThrown: shieldOptions.debug === true,
        onFault: (leaf, coordinate, cause) => {
          if (!isSilent)
            onFault(`${leaf.name} failed on ${coordinate}, and denies`, cause, this.#request.client);
        },
      },
      this.#context,
    );
  }
}

interface AskedParent {
  readonly parents: ReadonlyMap<LeafRule, Record<string, unknown>>;
  readonly answer: MaybePromise<Answer>;
}

interface AskParentOptions {
  readonly keyOf: KeyOf;
  readonly calls: RuleCalls;
  readonly asked: Map<Question, Map<unknown, AskedParent>>;
}

/** Rules may write to it, for other rules of the same request to find: it is no other request's. */
function contextOf({ client, operation, operationName, spend }: AuthorizationRequest): RuleContext {
  const { principal, headers, address, requestId, leaving } = client;
  return {
    principal,
    headers,
    address,
    requestId,
    get signal() {
      return leaving.signal;
    },
    spend,
    operation: { type: operation.operation, name: operationName ?? operation.name?.value },
  };
}
