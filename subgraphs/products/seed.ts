import type { Transaction } from 'kysely';
import { inBatches } from '../host/migrate.ts';
import { productAppeal } from '../host/seed/appeal.ts';
import {
  type Department,
  departments,
  type ProductKind,
  productCount,
  productId,
  productKind,
  productKinds,
  productSeries,
} from '../host/seed/kinds.ts';
import { type Random, seededRandom } from '../host/seed/random.ts';
import type { ProductsTables } from './records.ts';

const departmentTexts: Readonly<Record<Department, string>> = {
  Kitchen: 'Things to cook, brew and bake with, made to be used every day.',
  Outdoors: 'For nights under the sky and the way there.',
  Desk: 'For people who think with their hands on a table.',
  Sound: 'To listen well, at home and on the way.',
  Garden: 'From a windowsill to an orchard.',
  Rest: 'Soft things for the end of the day.',
};

/** Each brand with the departments it makes things for. */
const brands: readonly { name: string; text: string; makes: readonly Department[] }[] = [
  {
    name: 'Aster & Oak',
    text: 'A family workshop that turns wood and forges steel.',
    makes: ['Kitchen', 'Garden'],
  },
  {
    name: 'Birkeland',
    text: 'Outdoor makers from the fjords, sober and repairable.',
    makes: ['Outdoors', 'Rest'],
  },
  { name: 'Corvid Works', text: 'Engineers with a weakness for good switches.', makes: ['Desk', 'Sound'] },
  { name: 'Dovetail', text: 'Stationery and lamps in small batches.', makes: ['Desk'] },
  { name: 'Eira', text: 'Wool, linen and down from farms they know by name.', makes: ['Rest'] },
  { name: 'Fennel', text: 'Kitchenware without anything that could be left out.', makes: ['Kitchen'] },
  { name: 'Greenhand', text: 'Tools and pots for gardeners, by gardeners.', makes: ['Garden'] },
  { name: 'Hollow Reed', text: 'Audio that is built to be listened to for decades.', makes: ['Sound'] },
  { name: 'Isthmus', text: 'Light packs and tents for long ways.', makes: ['Outdoors'] },
  {
    name: 'Kestrel',
    text: 'One catalogue from the coffee table to the camp fire.',
    makes: ['Kitchen', 'Outdoors', 'Sound'],
  },
  {
    name: 'Lumen Yard',
    text: 'Everything that gives light, and a little that grows in it.',
    makes: ['Desk', 'Garden'],
  },
  { name: 'Morrow', text: 'Plain things for slow evenings.', makes: ['Rest', 'Kitchen'] },
];

const finishes = ['brushed', 'matte', 'hand-finished', 'quietly coloured', 'undyed', 'dark'] as const;
const endings = [
  'Made to be repaired, with spare parts for ten years.',
  'Comes in a box that needs no plastic.',
  'A present that gets used.',
  'Small enough for a shelf, good enough for a lifetime.',
  'Looks better with every year.',
] as const;
const extraTags = ['gift', 'handmade', 'repairable', 'recycled', 'bestseller', 'small-space'] as const;

function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('&', 'and')
    .replaceAll("'", '')
    .replaceAll(/[^a-z0-9]+/g, '-');
}

function makeProduct(number: number, random: Random) {
  const kind = productKind(number);
  const series = productSeries[Math.floor((number - 1) / productKinds.length)] ?? productSeries[0];
  const name = `${series} ${random.pick(kind.nouns)}`;
  const makers = brands
    .map((brand, index) => ({ brand, index }))
    .filter((it) => it.brand.makes.includes(kind.department));
  const maker = makers[random.below(makers.length)];
  const price = random.between(kind.price[0], kind.price[1]) * 100 - random.pick([0, 10, 50, 100]);
  const [first, second] = twoFeatures(kind, random);
  const description = `A ${random.pick(finishes)} ${kind.thing} with ${first} and ${second}. ${random.pick(endings)}`;
  const tags = new Set([slugOf(kind.category), slugOf(series)]);
  for (const tag of extraTags) if (random.chance(0.2)) tags.add(tag);
  const row: ProductsTables['products'] = {
    id: productId(number),
    sku: `${kind.code}-${String(number).padStart(4, '0')}`,
    name,
    slug: slugOf(name),
    description,
    price,
    currency: 'EUR',
    cost_price: Math.round(price * (0.4 + random.below(25) / 100)),
    weight_grams: random.between(kind.weightGrams[0], kind.weightGrams[1]),
    category_id: `c-${slugOf(kind.category)}`,
    brand_id: brandId(maker?.index ?? 0),
    in_stock: 1,
    popularity: productAppeal(number),
    added_at: Date.UTC(2023, 0, 1 + random.below(1_000), random.below(24)),
    search_text: `${name} ${description} ${[...tags].join(' ')}`.toLowerCase(),
  };
  return { row, tags: [...tags] };
}

function twoFeatures(kind: ProductKind, random: Random): readonly [string, string] {
  const start = random.below(kind.features.length);
  const feature = (index: number) => kind.features[index % kind.features.length] ?? kind.features[0];
  return [feature(start), feature(start + 1)];
}

function brandId(index: number): string {
  return `b-${String(index + 1).padStart(2, '0')}`;
}

function makeCategory(
  name: string,
  parentId: string | null,
  description: string,
): ProductsTables['categories'] {
  const slug = slugOf(name);
  const search_text = `${name} ${description}`.toLowerCase();
  return { id: `c-${slug}`, parent_id: parentId, name, slug, description, search_text };
}

/** Writes the example catalogue. */
export async function seedProducts(transaction: Transaction<ProductsTables>): Promise<void> {
  const random = seededRandom(4002);
  const tops = departments.map((name) => makeCategory(name, null, departmentTexts[name]));
  const below = productKinds.map((kind) =>
    makeCategory(
      kind.category,
      `c-${slugOf(kind.department)}`,
      `${kind.category} with ${kind.features.join(', ')}.`,
    ),
  );
  const categories = [...tops, ...below];
  const ancestors = categories.flatMap(({ id, parent_id }) => [
    { category_id: id, ancestor_id: id },
    ...(parent_id === null ? [] : [{ category_id: id, ancestor_id: parent_id }]),
  ]);
  const products = Array.from({ length: productCount }, (_, index) => makeProduct(index + 1, random));
  const tags = products.flatMap(({ row, tags }) => tags.map((tag) => ({ product_id: row.id, tag })));

  await transaction.insertInto('categories').values(categories).execute();
  await transaction.insertInto('category_ancestors').values(ancestors).execute();
  await transaction
    .insertInto('brands')
    .values(
      brands.map(({ name, text }, index) => ({
        id: brandId(index),
        name,
        slug: slugOf(name),
        description: text,
        search_text: `${name} ${text}`.toLowerCase(),
      })),
    )
    .execute();
  for (const batch of inBatches(products)) {
    await transaction
      .insertInto('products')
      .values(batch.map(({ row }) => row))
      .execute();
  }
  for (const batch of inBatches(tags)) await transaction.insertInto('product_tags').values(batch).execute();
}
