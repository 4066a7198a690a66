import {
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNullableType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { AiError } from '../errors.ts';
import type { LocalCall, LocalEngine, LocalEntityKind } from '../local/contract.ts';
import { isAsked, type LocalTask } from './outputFacts.ts';
import type { Prompt } from './prompt.ts';
import type { Selection } from './selection.ts';

export interface LocalAnswer {
  readonly value: unknown;
  /** `local/…`, those that took part, by name. */
  readonly models: readonly string[];
}

export interface LocalQuestion {
  readonly prompt: Prompt;
  /** What the small models read. */
  readonly text: string;
  readonly selection: Selection | null;
  readonly engine: LocalEngine;
  readonly call: LocalCall;
  /** Of a field that the small models cannot answer. */
  noModel(): AiError;
}

/** What a task gives a field that it is not made for. */
const unfit = Symbol('unfit');

/**
 * Answers a `@prompt` field by the small models: each selected field by its own task, or by the prompt's. A field that no
 * task can fill is an error of its own at that place, and null for the client; nothing is made up.
 *
 * @throws AiError AI_NO_MODEL when nothing of what was selected can be answered
 */
export async function localAnswer(question: LocalQuestion): Promise<LocalAnswer> {
  const models: string[] = [];
  const type = getNullableType(question.prompt.type);
  const worker = new LocalWorker(question, models);
  const value = isObjectType(type)
    ? await worker.object(type, question.selection)
    : await worker.field({ name: question.prompt.fieldName, type }, question.prompt.local);
  if (value === unfit || models.length === 0) throw question.noModel();
  return { value, models: [...new Set(models)].sort() };
}

class LocalWorker {
  readonly #question: LocalQuestion;
  readonly #models: string[];
  /** A task is done once, whatever number of fields show a part of it. */
  readonly #done = new Map<string, Promise<unknown>>();

  constructor(question: LocalQuestion, models: string[]) {
    this.#question = question;
    this.#models = models;
  }

  async object(type: GraphQLObjectType, selection: Selection | null): Promise<Record<string, unknown>> {
    const { facts, local } = this.#question.prompt;
    const entries = await Promise.all(
      [...(selection ?? [])].map(async ([name, below]) => {
        const coordinate = `${type.name}.${name}`;
        const field = type.getFields()[name];
        if (field === undefined || !isAsked(coordinate, facts)) return [];
        const inner = getNullableType(field.type);
        if (isObjectType(inner)) return [[name, await this.object(inner, below)]];
        const value = await this.field(field, facts.localTasks.get(coordinate) ?? local);
        return [[name, value === unfit ? this.#question.noModel() : value]];
      }),
    );
    return Object.fromEntries(entries.flat());
  }

  async field(
    field: Pick<GraphQLField<unknown, unknown>, 'name' | 'type'>,
    task: LocalTask | null,
  ): Promise<unknown> {
    const type = getNullableType(field.type);
    const value = await this.#fill(field.name, type, task);
    // "cannot be told" is an answer where the type has room for it
    return value === null && isNonNullType(field.type) ? unfit : value;
  }

  async #fill(name: string, type: GraphQLOutputType, task: LocalTask | null): Promise<unknown> {
    const { engine, text, call } = this.#question;
    const typeName = String(type);
    switch (task) {
      case null:
        return unfit;
      case 'CLASSIFY':
        return isEnumType(type) ? this.#classify(type) : unfit;
      case 'SENTIMENT': {
        if (!isSentimentEnum(type) && typeName !== 'Float') return unfit;
        const { sentiment, score } = await this.#once('sentiment', () => engine.sentiment(text, call));
        // more decimals would say more than a coarse model knows
        return typeName === 'Float' ? Math.round(score * 1_000) / 1_000 : sentiment;
      }
      case 'LANGUAGE': {
        if (typeName !== 'String' && typeName !== 'Boolean') return unfit;
        const { language, reliable } = await this.#once('language', () => engine.language(text, call));
        return typeName === 'Boolean' ? reliable : language;
      }
      case 'KEYWORDS': {
        if (!isListOfStrings(type)) return unfit;
        const { keywords } = await this.#once('keywords', () => engine.keywords(text, 5, call));
        return keywords.map((keyword) => keyword.text);
      }
      case 'SUMMARY': {
        if (typeName !== 'String' && !isListOfStrings(type)) return unfit;
        const { sentences } = await this.#once('summary', () => engine.summarize(text, 2, call));
        if (isListType(type)) return sentences;
        return sentences.length === 0 ? null : sentences.join(' ');
      }
      case 'ENTITIES':
        return this.#entities(name, type);
      default:
        return task satisfies never;
    }
  }

  async #classify(type: GraphQLEnumType): Promise<unknown> {
    const { engine, text, call } = this.#question;
    const labels = type
      .getValues()
      .map(({ name, description }) => ({ value: name, description: description ?? null }));
    const { value } = await this.#once(`classify ${type.name}`, () => engine.classify(text, labels, call));
    return value;
  }

  /** By the field's name: `email`, `emails`, `url`, `date`, `amount`. */
  async #entities(name: string, type: GraphQLOutputType): Promise<unknown> {
    const { engine, text, call } = this.#question;
    const kind = entityKinds.get(name.replace(/s$/, '').toLowerCase());
    if (kind === undefined || (String(type) !== 'String' && !isListOfStrings(type))) return unfit;
    const { entities } = await this.#once('entities', () => engine.entities(text, call));
    const texts = entities.filter((entity) => entity.kind === kind).map((entity) => entity.text);
    return isListType(type) ? texts : (texts[0] ?? null);
  }

  #once<Answer extends { readonly model: string }>(
    key: string,
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    const known = this.#done.get(key) as Promise<Answer> | undefined;
    if (known) return known;
    const answer = work().then((done) => {
      this.#models.push(done.model);
      return done;
    });
    this.#done.set(key, answer);
    return answer;
  }
}

const entityKinds: ReadonlyMap<string, LocalEntityKind> = new Map([
  ['email', 'EMAIL'],
  ['mail', 'EMAIL'],
  ['url', 'URL'],
  ['link', 'URL'],
  ['date', 'DATE'],
  ['time', 'TIME'],
  ['amount', 'MONEY'],
  ['money', 'MONEY'],
  ['price', 'MONEY'],
  ['percent', 'PERCENT'],
  ['duration', 'DURATION'],
]);

function isSentimentEnum(type: GraphQLOutputType): boolean {
  return (
    isEnumType(type) && ['POSITIVE', 'NEUTRAL', 'NEGATIVE'].every((name) => type.getValue(name) !== undefined)
  );
}

function isListOfStrings(type: GraphQLOutputType): boolean {
  return isListType(type) && String(getNullableType(type.ofType as GraphQLOutputType)) === 'String';
}
