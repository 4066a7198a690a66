/**
 * A schema that has every kind of weight once. Source: the fixture behind the published numbers 127, 132 and 125 of Apollo
 * Router's demand control, in our own words.
 */
export const CUSTOM_COSTS = /* GraphQL */ `
  type Query {
    fieldWithCost: Int @cost(weight: 5)
    argWithCost(arg: Int @cost(weight: 10)): Int
    enumWithCost: AorB
    inputWithCost(someInput: In): Int
    scalarWithCost: ExpInt
    objectWithCost: ExpObj
    fieldWithListSize: [String!] @listSize(assumedSize: 2000, requireOneSlicingArgument: false)
    fieldWithDynamicListSize(first: Int = 10): Sized
      @listSize(slicingArguments: ["first"], sizedFields: ["items"], requireOneSlicingArgument: true)
  }
  enum AorB @cost(weight: 15) { A B }
  scalar ExpInt @cost(weight: 30)
  type ExpObj @cost(weight: 40) { id: ID }
  input In { somethingWithCost: Int @cost(weight: 20) }
  type Sized { items: [A] }
  type A { id: ID }
`;

export const customCostsQuery = (slice: string): string => `{
  fieldWithCost
  argWithCost(arg: 3)
  enumWithCost
  inputWithCost(someInput: { somethingWithCost: 10 })
  scalarWithCost
  objectWithCost { id }
  fieldWithListSize
  fieldWithDynamicListSize${slice} { items { id } }
}`;
