import { parse } from 'yaml';
import { z } from 'zod';

const dependency = z.object({ condition: z.string() });

/** What `docker-compose.yml` uses of the Compose Specification; another key is a fault of the file or of this list. */
const service = z.strictObject({
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  image: z.string().optional(),
  user: z.string().optional(),
  command: z.array(z.string()).optional(),
  restart: z.string(),
  read_only: z.boolean(),
  tmpfs: z.array(z.string()),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.strictObject({
    test: z.tuple([z.literal('CMD')], z.string()),
    interval: z.string(),
    timeout: z.string(),
    retries: z.number(),
    start_period: z.string(),
  }),
  stop_grace_period: z.string(),
  depends_on: z.record(z.string(), dependency).default({}),
});

const composeFile = z
  .object({
    name: z.string(),
    services: z.record(z.string(), service),
    volumes: z.record(z.string(), z.null()),
  })
  .catchall(z.unknown());

export type ComposeService = z.output<typeof service>;
export type ComposeFile = z.output<typeof composeFile>;

/**
 * Reads a Compose file, with the defaults of its variables filled in, `${NAME:-default}`, and those that must be given,
 * `${NAME:?what to do}`.
 *
 * @throws Error for one that must be and is not
 */
export function readComposeFile(text: string, given: Readonly<Record<string, string>> = {}): ComposeFile {
  const filled = text
    .replaceAll(/\$\{\w+:-(\w*)\}/g, (_, fallback: string) => fallback)
    .replaceAll(/\$\{(\w+):\?([^}]*)\}/g, (_, name: string, what: string) => {
      const value = given[name];
      if (value === undefined) throw new Error(`required variable ${name} is missing a value: ${what}`);
      return value;
    });
  return composeFile.parse(parse(filled, { merge: true }));
}

/** Names of the services, each behind those that it depends on. */
export function startOrder({ services }: ComposeFile): readonly string[] {
  const order: string[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) throw new Error(`Services depend on each other: ${[...path, name].join(' → ')}`);
    const found = services[name];
    if (found === undefined) throw new Error(`${path.at(-1)} depends on ${name}, which is no service.`);
    for (const other of Object.keys(found.depends_on)) visit(other, [...path, name]);
    if (!order.includes(name)) order.push(name);
  };
  for (const name of Object.keys(services)) visit(name, []);
  return order;
}
