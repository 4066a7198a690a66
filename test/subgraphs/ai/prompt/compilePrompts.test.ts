import { describe, expect, test } from '@jest/globals';
import { printSchema } from 'graphql';
import { compilePrompts } from '../../../../subgraphs/ai/prompt/compilePrompts.ts';
import { PromptError } from '../../../../subgraphs/ai/prompt/promptProblem.ts';
import { buildPromptSchema } from '../../../../subgraphs/ai/prompt/promptSchema.ts';

const head = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external"])
scalar AiDateTime
scalar AiJSON
scalar AiDecimal
type AiCompletion { json: AiJSON }
type AiCost { usd: AiDecimal }
type AiTokenUsage { input: Int, cachedInput: Int, cacheWrite: Int, output: Int, reasoning: Int, total: Int }
type Query { complete: Int chat: Int embed: Int rank: Int models: Int aiUsage: Int aiBudgets: Int }
type Subscription { completeStream: Int chatStream: Int }
`;

const compile = (sdl: string, templates: Readonly<Record<string, string>> = {}) =>
  compilePrompts({
    files: [
      { name: 'schema.graphql', text: head },
      { name: 'test.graphql', text: sdl },
    ],
    buildSchema: buildPromptSchema,
    readTemplate: (name) => templates[name] ?? null,
    aliases: new Set(['default', 'fast']),
  });

const problemsOf = (sdl: string): string[] => {
  try {
    compile(sdl);
  } catch (error) {
    if (error instanceof PromptError) return error.message.split('\n');
    throw error;
  }
  return [];
};

/** A field of Query with a template and a type. */
const rootField = (template: string, type = 'String', more = ''): string =>
  `extend type Query { ask(text: String!, n: Int): ${type} @prompt(template: ${JSON.stringify(template)}) } ${more}`;

const product = (requires: string, template: string): string => `
type Product @key(fields: "id") {
  id: ID!
  name: String! @external
  reviews: [Review!]! @external
  digest: String @requires(fields: "${requires}") @prompt(template: ${JSON.stringify(template)})
  other: Int @requires(fields: "name reviews { body author }")
}
type Review { body: String! @external author: String @external }`;

describe('ai prompts: what is refused at the start', () => {
  test.each([
    [
      'a type that leads back to itself',
      rootField('x', 'Node', 'type Node { name: String next: Node }'),
      '[PROMPT_TYPE_RECURSIVE] Query.ask: Node.next leads back to Node: Node → Node',
    ],
    [
      'types that lead back through a list',
      rootField('x', 'A', 'type A { b: [B!] } type B { a: A }'),
      '[PROMPT_TYPE_RECURSIVE] Query.ask: B.a leads back to A: A → B → A',
    ],
    [
      'a union',
      rootField('x', 'U', 'union U = A | B type A { x: Int } type B { x: Int }'),
      '[PROMPT_TYPE_UNSUPPORTED] Query.ask: it is of the type U, a union or an interface',
    ],
    [
      'an interface below',
      rootField('x', 'A', 'type A { i: I } interface I { x: Int } type B implements I { x: Int }'),
      '[PROMPT_TYPE_UNSUPPORTED] Query.ask: A.i is of the type I, a union or an interface',
    ],
    [
      'a scalar of unknown shape',
      rootField('x', 'Money', 'scalar Money'),
      '[PROMPT_SCALAR_UNMAPPED] Query.ask: it is of the scalar Money, which has no `@jsonSchema`',
    ],
    [
      'a variable that is no argument',
      rootField('{{args.txet}}'),
      '[PROMPT_VARIABLE_UNKNOWN] Query.ask: `{{args.txet}}` is no such argument',
    ],
    [
      'a field on a root type',
      rootField('{{name}}'),
      '[PROMPT_VARIABLE_UNKNOWN] Query.ask: `{{name}}` is no argument; write `args.name`',
    ],
    [
      'a field that the entity does not have',
      product('name', '{{title}}'),
      '[PROMPT_VARIABLE_UNKNOWN] Product.digest: `{{title}}` is no argument and no field',
    ],
    [
      'a field that nothing brings',
      product('name', '{{#reviews}}{{body}}{{/reviews}}'),
      '[PROMPT_REQUIRES_MISSING] Product.digest: `{{reviews}}` is a field that neither `@key` nor `@requires` brings',
    ],
    [
      'a field below a list that nothing brings',
      product('reviews { body }', '{{#reviews}}{{author}}{{/reviews}}'),
      '[PROMPT_REQUIRES_MISSING] Product.digest: `{{author}}` is a field that neither `@key` nor `@requires` brings',
    ],
    [
      'a section that is not closed',
      rootField('{{#args.text}}x'),
      '[PROMPT_TEMPLATE_SYNTAX] Query.ask: `{{#args.text}}` is not closed',
    ],
    [
      'a section that another name closes',
      rootField('{{#args.text}}x{{/args.n}}'),
      '[PROMPT_TEMPLATE_SYNTAX] Query.ask: at line 1, column 16 `{{/args.n}}` closes what is not open',
    ],
    [
      'a brace without a name',
      rootField('one\nand {{ }}'),
      '[PROMPT_TEMPLATE_SYNTAX] Query.ask: at line 2, column 5 `{{` is not followed by a name and `}}`',
    ],
    [
      'an object where a text is wanted',
      product('reviews { body }', '{{reviews}}'),
      '[PROMPT_TEMPLATE_SYNTAX] Product.digest: `{{reviews}}` is an object; open it with `{{#reviews}}`',
    ],
    [
      'a model that is not configured',
      'extend type Query { ask: String @prompt(template: "x", model: "gpt") }',
      '[PROMPT_MODEL_UNKNOWN] Query.ask: the model "gpt" is no text alias of models.yaml',
    ],
    [
      'a guardrail that there is not',
      'extend type Query { ask: String @prompt(template: "x", guardrails: ["pii"]) }',
      '[PROMPT_GUARDRAIL_UNKNOWN] Query.ask: there is no guardrail "pii"; there is length, deny_patterns, mask_pii, schema',
    ],
    [
      'a template and a file',
      'extend type Query { ask: String @prompt(template: "x", file: "y.txt") }',
      '[PROMPT_OPTION_INVALID] Query.ask: needs either `template` or `file`',
    ],
    [
      'a file outside the folder',
      'extend type Query { ask: String @prompt(file: "../models.yaml") }',
      '[PROMPT_OPTION_INVALID] Query.ask: there is no file "../models.yaml" in the folder of the prompts',
    ],
    [
      'an option that there is not',
      'extend type Query { ask: String @prompt(template: "x", modle: "fast") }',
      '[PROMPT_OPTION_INVALID] Query.ask: @prompt: Unknown argument "modle".',
    ],
    [
      'an option out of range',
      'extend type Query { ask: String @prompt(template: "x", temperature: 3) }',
      '[PROMPT_OPTION_INVALID] Query.ask: `temperature` must be from 0 to 2, not 3',
    ],
    [
      'SDL that is none',
      'extend type {',
      '[PROMPT_SDL_INVALID] test.graphql:1:13: Syntax Error: Expected Name, found "{".',
    ],
    [
      'a type that is not there',
      'extend type Query { x: Nothing }',
      '[PROMPT_SDL_INVALID] Unknown type Nothing',
    ],
  ])('%s', (_what, sdl, problem) => {
    expect(problemsOf(sdl)).toEqual([problem]);
  });

  test('all problems are told at once', () => {
    expect(problemsOf(`${rootField('{{args.a}}{{args.b}}')}`).length).toBe(2);
  });

  test('a field that may not be null is warned of', () => {
    expect(compile(rootField('{{args.text}}', 'String!')).warnings).toEqual([
      {
        code: 'PROMPT_NON_NULL',
        coordinate: 'Query.ask',
        message: 'a model that fails takes the whole parent with it',
      },
    ]);
  });
});

describe('ai prompts: what is served', () => {
  test('nothing of the authoring directives is in the SDL', () => {
    const { schema } = compile(`
      extend type Query { ask(text: String!): Answer @prompt(template: "Secret wording {{args.text}}", local: SUMMARY) }
      type Answer { topic: String @local(task: KEYWORDS) model: String @fromCall(value: MODEL) when: Day }
      scalar Day @jsonSchema(schema: "{\\"type\\":\\"string\\"}")`);
    expect(printSchema(schema)).not.toMatch(/prompt|Secret|LocalTask|CallValue|jsonSchema|fromCall/);
  });

  test('a template may stand in a file', () => {
    const { prompts } = compile('extend type Query { ask(x: String): String @prompt(file: "ask.txt") }', {
      'ask.txt': 'From a file: {{args.x}}',
    });
    expect(prompts[0]?.template[0]).toEqual({ kind: 'text', text: 'From a file: ' });
  });
});
