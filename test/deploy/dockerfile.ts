/** One instruction: `COPY --from=build /app/dist dist` without its name, its flags apart. */
export interface Instruction {
  readonly name: string;
  /** `{ from: 'build' }` */
  readonly flags: Readonly<Record<string, string>>;
  /** What follows the flags; continued lines are one. */
  readonly text: string;
}

export interface Stage {
  /** The image it begins with, its arguments filled in. */
  readonly image: string;
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** Reads as much of a Dockerfile as `deploy/Dockerfile` uses. Source: the Dockerfile reference of Docker. */
export function readDockerfile(text: string): readonly Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const values = new Map<string, string>();
  const stages: { image: string; name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const instruction = readInstruction(line);
    const stage = stages.at(-1);
    if (instruction.name === 'FROM') {
      const [image = '', , name = ''] = instruction.text.split(/\s+/);
      const filled = image.replaceAll(/\$\{(\w+)\}/g, (_, variable: string) => values.get(variable) ?? '');
      stages.push({ image: filled, name, instructions: [] });
    } else if (stage !== undefined) {
      stage.instructions.push(instruction);
    } else if (instruction.name === 'ARG') {
      const [name = '', value = ''] = instruction.text.split('=');
      values.set(name, value);
    }
  }
  return stages;
}

function readInstruction(line: string): Instruction {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const flags: Record<string, string> = {};
  while (words[0]?.startsWith('--')) {
    const [flag = '', ...value] = (words.shift() ?? '').slice(2).split('=');
    flags[flag] = value.join('=');
  }
  return { name: name.toUpperCase(), flags, text: words.join(' ') };
}

/** The last instruction of a name, which is the one in force for `USER`, `CMD` and the like. */
export function lastOf(stage: Stage, name: string): Instruction {
  const found = stage.instructions.findLast((instruction) => instruction.name === name);
  if (found === undefined) throw new Error(`The stage ${stage.name} has no ${name}.`);
  return found;
}

/** The environment that a stage gives its containers. */
export function environmentOf(stage: Stage): Record<string, string> {
  return Object.fromEntries(
    stage.instructions
      .filter(({ name }) => name === 'ENV')
      .flatMap(({ text }) => text.split(' ').map((pair) => pair.split('=') as [string, string])),
  );
}
