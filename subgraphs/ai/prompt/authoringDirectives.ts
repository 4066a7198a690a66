import { buildASTSchema, type GraphQLDirective, parse } from 'graphql';

/** What prompt files may say; all of it is taken out of the SDL that is served. */
const sdl = /* GraphQL */ `
  directive @prompt(
    template: String
    file: String
    system: String
    model: String! = "default"
    temperature: Float
    maxOutputTokens: Int
    timeoutMs: Int
    cacheTtl: Int! = 0
    output: PromptOutput! = SELECTION
    local: LocalTask
    localTemplate: String
    guardrails: [String!]! = []
  ) on FIELD_DEFINITION
  directive @local(task: LocalTask!) on FIELD_DEFINITION
  directive @fromCall(value: CallValue!) on FIELD_DEFINITION
  directive @jsonSchema(schema: String!) on SCALAR
  enum PromptOutput { FULL SELECTION }
  enum LocalTask { CLASSIFY SENTIMENT LANGUAGE KEYWORDS SUMMARY ENTITIES }
  enum CallValue { MODEL COST_USD CACHED }
`;

const schema = buildASTSchema(parse(sdl));

export const authoringNames: ReadonlySet<string> = new Set(['prompt', 'local', 'fromCall', 'jsonSchema']);

/** @throws when there is none of that name, a fault of ours */
export function authoringDirective(name: string): GraphQLDirective {
  const directive = schema.getDirective(name);
  if (!directive) throw new Error(`there is no directive @${name}`);
  return directive;
}
