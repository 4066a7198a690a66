import { type Guardrail, pass, type Verdict } from '../guardrail.ts';

/** Refuses texts longer than models.yaml allows. */
export const length: Guardrail = {
  name: 'length',
  input: (text, { options }) => atMost(text, options.maxInputCharacters),
  output: (text, { options }) => atMost(text, options.maxOutputCharacters),
};

function atMost(text: string, max: number): Verdict {
  return text.length <= max ? pass : { kind: 'block', reason: `more than ${max} characters` };
}
