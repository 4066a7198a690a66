import type { FormattedExecutionResult } from 'graphql';

/** `data` of a response that is JSON text already; `stringifyResult` writes it as it is. */
export class SerializedData {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** For whoever serializes a response without knowing of this class. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** Writes a GraphQL response as JSON text. Key order: errors first, as Apollo Server has it and GraphQL §7.1 recommends. */
export function stringifyResponse(response: FormattedExecutionResult): string {
  const data: unknown = response.data;
  if (!(data instanceof SerializedData)) return `${JSON.stringify(response)}\n`;
  let text = '';
  for (const [key, value] of Object.entries(response)) {
    if (value === undefined) continue;
    const written = value === data ? data.text : JSON.stringify(value);
    text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${written}`;
  }
  return `${text}}\n`;
}
