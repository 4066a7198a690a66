import { createSecretKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SignJWT } from 'jose';
import type { EngineUnderTest } from '../support/federationCase.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubResolvers, type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/* A shop whose secrets are planted, so that a leak is a text to search for. */

const federation = (names: string) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${names}])`;

const users = {
  u1: {
    id: 'u1',
    name: 'Ada',
    label: 'LU1',
    secretNote: 'SECRET-NOTE-1',
    email: 'ada@example.test',
    ssn: 'SECRET-SSN-1',
    salary: 777001,
  },
  u2: {
    id: 'u2',
    name: 'Bob',
    label: 'LU2',
    secretNote: 'SECRET-NOTE-2',
    email: 'bob@example.test',
    ssn: 'SECRET-SSN-2',
    salary: 777002,
  },
};
const products = Object.fromEntries(
  [1, 2, 3].map((n) => [
    `p${n}`,
    {
      __typename: 'Product',
      upc: `p${n}`,
      name: `Product ${n}`,
      price: 10_000 * n,
      weight: 100 * n,
      cost: 4242 * n,
    },
  ]),
);
const card = { __typename: 'GiftCard', upc: 'g1', name: 'Card', price: 500, cost: 4999, code: 'SECRET-CODE' };
const reviews = {
  r1: { id: 'r1', body: 'Good', author: { id: 'u1' }, product: { upc: 'p1' } },
  r2: { id: 'r2', body: 'Bad', author: { id: 'u2' }, product: { upc: 'p1' } },
};

/** What mutations really did. */
export const done: string[] = [];

export interface SdlChanges {
  /** On `User.ssn` of the accounts subgraph. */
  readonly ssn?: string;
  /** Further imports of the federation specification. */
  readonly imports?: string;
}

const subgraphs = ({
  ssn = '',
  imports = '',
}: SdlChanges): Record<string, { sdl: string; resolvers: unknown }> => ({
  accounts: {
    sdl: `${federation(`"@key", "@shareable"${imports}`)}
      type Query { me: User user(id: ID!): User users: [User!]! accounts: [Account!]! }
      type Mutation { updateMyName(name: String!): User deleteUser(id: ID!): Boolean }
      interface Account { id: ID! label: String secretNote: String }
      type User implements Account @key(fields: "id") {
        id: ID! name: String label: String secretNote: String email: String ssn: String ${ssn} salary: Int! friends: [User!]!
      }
      type Admin implements Account @key(fields: "id") { id: ID! label: String secretNote: String clearance: Int }`,
    resolvers: {
      Query: {
        me: (_: unknown, __: unknown, headers: Record<string, string>) =>
          users[headers['x-user-id'] === 'u2' ? 'u2' : 'u1'],
        user: (_: unknown, { id }: { id: 'u1' }) => users[id],
        users: () => Object.values(users),
        accounts: () => [
          { __typename: 'User', ...users.u1 },
          { __typename: 'Admin', id: 'a1', label: 'LA1', secretNote: 'SECRET-NOTE-A', clearance: 9 },
        ],
      },
      Mutation: {
        updateMyName: (_: unknown, { name }: { name: string }) => {
          done.push(`name ${name}`);
          return users.u1;
        },
        deleteUser: (_: unknown, { id }: { id: string }) => {
          done.push(`delete ${id}`);
          return true;
        },
      },
      User: {
        __resolveReference: ({ id }: { id: 'u1' }) => users[id],
        friends: ({ id }: { id: string }) => Object.values(users).filter((user) => user.id !== id),
      },
    },
  },
  products: {
    sdl: `${federation('"@key"')}
      type Query { topProducts(first: Int = 5): [Product] catalog: [CatalogItem!]! items: [Item!]! find(limit: Int): [Product!]! }
      interface Item @key(fields: "upc") { upc: ID! name: String price: Int cost: Int }
      type Product implements Item @key(fields: "upc") {
        upc: ID! name: String price: Int weight: Int cost: Int related: [Product!]!
      }
      type GiftCard implements Item @key(fields: "upc") { upc: ID! name: String price: Int cost: Int code: String }
      union CatalogItem = Product | GiftCard`,
    resolvers: {
      Query: {
        topProducts: (_: unknown, { first }: { first: number }) => Object.values(products).slice(0, first),
        catalog: () => [products.p1, card],
        items: () => [products.p1, card],
        find: () => Object.values(products),
      },
      Product: {
        __resolveReference: ({ upc }: { upc: string }) => products[upc],
        related: ({ upc }: { upc: string }) => Object.values(products).filter((each) => each.upc !== upc),
      },
      GiftCard: { __resolveReference: () => card },
      Item: { __resolveReference: ({ upc }: { upc: string }) => products[upc] ?? card },
    },
  },
  reviews: {
    sdl: `${federation('"@key"')}
      type Query { review(id: ID!): Review }
      type Review @key(fields: "id") { id: ID! body: String author: User product: Product }
      type User @key(fields: "id") { id: ID! reviewCount: Int }
      type Product @key(fields: "upc") { upc: ID! reviews: [Review] }`,
    resolvers: {
      Query: { review: (_: unknown, { id }: { id: 'r1' }) => reviews[id] },
      User: { __resolveReference: (user: unknown) => user, reviewCount: () => 2 },
      Product: { __resolveReference: (product: unknown) => product, reviews: () => Object.values(reviews) },
    },
  },
  inventory: {
    sdl: `${federation('"@key", "@external", "@requires"')}
      type Product @key(fields: "upc") {
        upc: ID! price: Int @external weight: Int @external cost: Int @external
        shippingEstimate: Int @requires(fields: "price weight") margin: Int @requires(fields: "price cost")
      }`,
    resolvers: {
      Product: {
        __resolveReference: (product: unknown) => product,
        shippingEstimate: ({ price, weight }: Record<string, number>) => Number(price) * Number(weight),
        margin: ({ price, cost }: Record<string, number>) => Number(price) - Number(cost),
      },
    },
  },
  ratings: {
    sdl: `${federation('"@key", "@interfaceObject"')}
      type Item @key(fields: "upc") @interfaceObject { upc: ID! stars: Float auditTrail: String }`,
    resolvers: {
      Item: {
        __resolveReference: (item: unknown) => item,
        stars: () => 4.5,
        auditTrail: ({ upc }: { upc: string }) => `SECRET-AUDIT-${upc}`,
      },
    },
  },
});

/** Whom tokens are made for. */
export const people = {
  anonymous: undefined,
  user1: { sub: 'u1' },
  user2: { sub: 'u2' },
  emailer: { sub: 'u1', scope: 'profile read:email' },
  staff: { sub: 's1', roles: ['staff'] },
  admin: { sub: 'a1', scope: 'read:email', roles: ['admin', 'staff', 'hr'] },
} as const;

const secret = 'a secret of the tests, which has thirty-two bytes and more';

async function headersOf(person: keyof typeof people): Promise<Record<string, string>> {
  const claims = people[person];
  if (claims === undefined) return {};
  const token = await new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(createSecretKey(Buffer.from(secret)));
  return { authorization: `Bearer ${token}` };
}

export interface SecurityGraphOptions extends SdlChanges {
  readonly engine: EngineUnderTest;
  /** The text of the module of permissions; `rules` and `graphql-shield` are in reach of it. */
  readonly permissions?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface Asked {
  readonly status: number;
  readonly body: {
    readonly data?: unknown;
    readonly errors?: readonly {
      readonly message: string;
      readonly path?: readonly unknown[];
      readonly extensions?: Record<string, unknown>;
    }[];
    readonly extensions?: Record<string, unknown>;
  };
  readonly text: string;
  /** Paths of the errors: `users.@.email`. */
  readonly denied: readonly string[];
  readonly codes: readonly unknown[];
  /** Bodies sent to a subgraph. */
  sentTo(subgraph: string): readonly string[];
}

export interface SecurityGraph {
  readonly gateway: GatewayUnderTest;
  stub(name: string): StubSubgraph;
  ask(
    query: string,
    request?: {
      readonly as?: keyof typeof people;
      readonly variables?: unknown;
      readonly operationName?: string;
      readonly headers?: Record<string, string>;
    },
  ): Promise<Asked>;
  writePermissions(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** Serves the shop with rules, and asks it as one of its people. */
export async function startSecurityGraph(options: SecurityGraphOptions): Promise<SecurityGraph> {
  const stubs = new Map<string, StubSubgraph>();
  for (const [name, { sdl, resolvers }] of Object.entries(subgraphs(options))) {
    stubs.set(name, await startStubSubgraph(name, sdl, resolvers as StubResolvers));
  }
  const stopStubs = () => Promise.all([...stubs.values()].map((stub) => stub.close()));
  let gateway: GatewayUnderTest;
  try {
    gateway = await startGateway({
      subgraphs: [...stubs.values()],
      ...(options.permissions === undefined ? {} : { files: { 'permissions.ts': options.permissions } }),
      settings: {
        engine: options.engine,
        authentication: { jwt: { jwks: [{ secret }] } },
        headers: { all: { request: [{ propagate: { named: 'x-user-id' } }] } },
        ...(options.permissions === undefined ? {} : { permissions: 'permissions.ts' }),
        ...options.settings,
      },
    });
  } catch (error) {
    await stopStubs();
    throw error;
  }
  return {
    gateway,
    stub(name) {
      const stub = stubs.get(name);
      if (stub === undefined) throw new Error(`The graph has no subgraph ${name}.`);
      return stub;
    },
    async ask(query, { as = 'anonymous', headers = {}, ...request } = {}) {
      const seen = new Map([...stubs.values()].map((stub) => [stub.name, stub.requests.length]));
      const response = await gateway.ask({ query, ...request }, { ...(await headersOf(as)), ...headers });
      const text = await response.text();
      const body = JSON.parse(text) as Asked['body'];
      const sent = new Map(
        [...stubs.values()].map((stub) => [
          stub.name,
          stub.requests.slice(seen.get(stub.name)).map((each) => each.body),
        ]),
      );
      return {
        status: response.status,
        body,
        text,
        denied: (body.errors ?? []).map((error) => (error.path ?? []).join('.')),
        codes: [...new Set((body.errors ?? []).map(({ extensions }) => extensions?.code))],
        sentTo: (name) => sent.get(name) ?? [],
      };
    },
    writePermissions: (text) => writeFile(path.join(gateway.folder, 'permissions.ts'), text),
    async stop() {
      await gateway.stop();
      await stopStubs();
    },
  };
}

/** The rules of most cases, as a team would write them. */
export const rules = `
import { allow, and, deny, not, or, rule } from 'graphql-shield';
const signedIn = rule('signedIn', { cache: 'contextual' })((_parent: unknown, _args: unknown, { principal }: any) => principal.kind !== 'anonymous');
const role = (name: string) => rule('role ' + name, { cache: 'contextual' })((_parent: unknown, _args: unknown, { principal }: any) => principal.roles.includes(name));
const scope = (name: string) => rule('scope ' + name, { cache: 'contextual' })((_parent: unknown, _args: unknown, { principal }: any) => principal.scopes.includes(name));
`;

export const shopRules = `${rules}
export const permissions = {
  Query: { users: signedIn },
  Mutation: { deleteUser: role('admin') },
  User: { email: scope('read:email'), ssn: role('admin'), salary: role('hr'), secretNote: role('admin') },
  Admin: { secretNote: role('admin') },
  GiftCard: { '*': signedIn, cost: and(signedIn, role('staff')) },
  Product: { cost: role('staff') },
  Item: { auditTrail: role('staff') },
};`;
