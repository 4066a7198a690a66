import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalEngine } from '../../../../subgraphs/ai/local/contract.ts';
import { openLocalEngine } from '../../../../subgraphs/ai/local/localEngine.ts';
import { banking77 } from './banking77.ts';

let engine: LocalEngine;
beforeAll(() => {
  // the models are loaded by the first calls, on a machine that may be busy
  engine = openLocalEngine({ timeoutMs: 25_000 });
});
afterAll(() => engine.close());

const dot = (one: Float32Array | undefined, other: Float32Array | undefined): number =>
  [...(one ?? [])].reduce((sum, value, index) => sum + value * (other?.[index] ?? 0), 0);
const similarityOf = async (one: string, other: string): Promise<number> => {
  const { vectors } = await engine.embed([one, other]);
  return dot(vectors[0], vectors[1]);
};

describe('local models: embeddings', () => {
  test('name their model and have 512 dimensions and the length 1', async () => {
    const { model, dimensions, vectors } = await engine.embed(['The courier never came.']);
    expect([model, dimensions, vectors[0]?.length, dot(vectors[0], vectors[0])]).toEqual([
      'local/universal-sentence-encoder-lite',
      512,
      512,
      expect.closeTo(1, 6),
    ]);
  });

  test('of equal texts are equal, also in another call and beside other texts', async () => {
    const text = 'The courier never came.';
    const [alone, beside] = [
      await engine.embed([text]),
      await engine.embed(['Something longer comes before it in the same batch.', text, text]),
    ];
    expect([beside.vectors[1], beside.vectors[2]].map((vector) => dot(vector, alone.vectors[0]))).toEqual([
      expect.closeTo(1, 5),
      expect.closeTo(1, 5),
    ]);
  });

  // the examples for the ratings 5, 3 and 0 in the task description of SemEval-2012 task 6 (Agirre et al., table 1)
  test('put pairs of sentences in the order in which people rated them', async () => {
    const same = await similarityOf(
      'The bird is bathing in the sink.',
      'Birdie is washing itself in the water basin.',
    );
    const partly = await similarityOf(
      'John said he is considered a witness but not a suspect.',
      '"He is not a suspect anymore." John said.',
    );
    const other = await similarityOf(
      'John went horse back riding at dawn with a whole group of friends.',
      'Sunrise at dawn is a magnificent view to take in if you wake up early enough for it.',
    );
    expect([same > other, partly > other]).toEqual([true, true]);
  });

  test('of a text of several pages are about what it is about', async () => {
    const long = 'The courier never came and my parcel is late. '.repeat(200);
    expect(await similarityOf(long, 'My parcel was not delivered.')).toBeGreaterThan(
      await similarityOf(long, 'The soup needs more salt.'),
    );
  });

  test('of calls at the same time are those of the calls alone', async () => {
    const lists = Array.from({ length: 12 }, (_, list) =>
      Array.from({ length: list + 1 }, (_, index) => `Call ${list} asks about the parcel ${index}.`),
    );
    const together = await Promise.all(lists.map((texts) => engine.embed(texts)));
    const other = openLocalEngine({ timeoutMs: 25_000 });
    const likeness: number[] = [];
    for (const [list, texts] of lists.entries()) {
      const { vectors } = await other.embed(texts);
      vectors.forEach((vector, index) => {
        likeness.push(dot(vector, together[list]?.vectors[index]));
      });
    }
    await other.close();
    expect([likeness.length, Math.min(...likeness)]).toEqual([78, expect.closeTo(1, 5)]);
  });

  test('that are given up leave those of the other calls alone', async () => {
    const controller = new AbortController();
    const texts = Array.from({ length: 100 }, (_, index) => `Invoice ${index} was paid twice.`);
    const given = engine.embed(texts, { signal: controller.signal }).catch(({ code }) => code);
    const kept = engine.embed(['Invoice 0 was paid twice.', 'The soup needs more salt.']);
    controller.abort();
    expect([await given, (await kept).vectors.length]).toEqual(['ABORTED', 2]);
  });

  test('of texts that no vocabulary has are of the length 1', async () => {
    const { vectors } = await engine.embed(['\u{1f642}', '日本語', 'a\u0000b', '\ud800', 'x'.repeat(5_000)]);
    expect(vectors.map((vector) => dot(vector, vector))).toEqual(vectors.map(() => expect.closeTo(1, 5)));
  });
});

describe('local models: ranking', () => {
  test('puts first what means the same in other words', async () => {
    const { ranked } = await engine.rank('I forgot my password', [
      'Opening hours of our stores',
      'How to sign in when you cannot remember your secret',
      'Shipping costs within Europe',
    ]);
    expect([ranked[0]?.index, ranked.length]).toEqual([1, 3]);
  });

  test('scores the very text 1', async () => {
    const { ranked } = await engine.rank('Shipping costs', ['Opening hours', 'Shipping costs']);
    expect(ranked[0]).toEqual({ index: 1, score: expect.closeTo(1, 5) });
  });
});

describe('local models: classification', () => {
  const labels = Object.entries(banking77).map(([value, { description }]) => ({ value, description }));

  // measured with these descriptions: 26 of 38 answered, 25 of them right
  test('of questions that people labelled answers most, and nine of ten right', async () => {
    const questions = Object.entries(banking77).flatMap(([value, { texts }]) =>
      texts.map((text) => ({ text, value })),
    );
    const answers = await Promise.all(
      questions.map(async ({ text, value }) => {
        const answer = await engine.classify(text, labels);
        return answer.value === null ? 'none' : answer.value === value ? 'right' : 'wrong';
      }),
    );
    const count = (of: string) => answers.filter((answer) => answer === of).length;
    expect([
      count('right') + count('wrong') > questions.length / 2,
      count('right') > 9 * count('wrong'),
    ]).toEqual([true, true]);
  });

  const tickets = [
    { value: 'BILLING', description: 'billing, invoice, payment, refund' },
    { value: 'SHIPPING', description: 'delivery, parcel, courier' },
    { value: 'TECHNICAL', description: 'crash, error, bug' },
  ];

  test.each([
    ['I was charged twice this month', 'BILLING'],
    ['The courier never came', 'SHIPPING'],
    ['blank page and error 500', 'TECHNICAL'],
    ['asdf qwer', null],
    ['The weather is nice today', null],
  ])('%j is %s', async (text, value) => {
    const answer = await engine.classify(text, tickets);
    expect([answer.value, answer.scores.reduce((sum, { score }) => sum + score, 0)]).toEqual([
      value,
      expect.closeTo(1, 6),
    ]);
  });
});

describe('local models: language', () => {
  // the first article of the Universal Declaration of Human Rights, from its official translations
  test.each([
    ['en', 'All human beings are born free and equal in dignity and rights.'],
    ['de', 'Alle Menschen sind frei und gleich an Würde und Rechten geboren.'],
    ['fr', 'Tous les êtres humains naissent libres et égaux en dignité et en droits.'],
    ['es', 'Todos los seres humanos nacen libres e iguales en dignidad y derechos.'],
    ['it', 'Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti.'],
    ['nl', 'Alle mensen worden vrij en gelijk in waardigheid en rechten geboren.'],
    ['pl', 'Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.'],
    ['ru', 'Все люди рождаются свободными и равными в своем достоинстве и правах.'],
    ['ja', 'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。'],
  ])('%s', async (language, text) => {
    expect(await engine.language(text)).toEqual({ model: 'local/eld-small', language, reliable: true });
  });

  test.each([
    ['12345', null],
    ['ok', expect.anything()],
  ])('of %j is not relied on', async (text, language) => {
    expect(await engine.language(text)).toEqual({ model: 'local/eld-small', language, reliable: false });
  });
});

describe('local models: sentiment', () => {
  // the demonstration in the README of cjhutto/vaderSentiment, the original in Python
  test.each([
    ['VADER is smart, handsome, and funny.', 0.8316],
    ['VADER is smart, handsome, and funny!', 0.8439],
    ['VADER is very smart, handsome, and funny.', 0.8545],
    ['VADER is VERY SMART, handsome, and FUNNY.', 0.9227],
    ['VADER is not smart, handsome, nor funny.', -0.7424],
    ['The book was good.', 0.4404],
    ["At least it isn't a horrible book.", 0.431],
    ['Today SUX!', -0.5461],
  ])('of %j is %d', async (text, score) => {
    const sentiment = score > 0 ? 'POSITIVE' : 'NEGATIVE';
    expect(await engine.sentiment(text)).toEqual({ model: 'local/vader', sentiment, score });
  });

  test('of several sentences is their mean', async () => {
    const { score, sentiment } = await engine.sentiment('The book was good. Today SUX! The table is brown.');
    expect([score, sentiment]).toEqual([expect.closeTo((0.4404 - 0.5461) / 3, 6), 'NEUTRAL']);
  });
});

const prose =
  'Tributary is a GraphQL federation gateway. It composes many subgraphs into one supergraph. ' +
  'The query planner runs in a worker thread. Great! My cat likes fish. ' +
  'The gateway plans each GraphQL operation once. Authorization of the gateway is decided before any subgraph is asked.';

describe('local models: keywords and summaries', () => {
  test('keywords are phrases of the text, best first, none twice', async () => {
    const { keywords } = await engine.keywords(prose, 5);
    const texts = keywords.map(({ text }) => text);
    const scores = keywords.map(({ score }) => score);
    expect([
      texts.filter((text) => prose.includes(text)).length,
      new Set(texts).size,
      scores,
      texts.some((text) => /GraphQL/.test(text)),
    ]).toEqual([5, 5, [...scores].sort((one, other) => other - one), true]);
  });

  test('a summary is made of sentences of the text, in its order, without the one that is off the topic', async () => {
    const { sentences } = await engine.summarize(prose, 3);
    const places = sentences.map((sentence) => prose.indexOf(sentence));
    expect([
      sentences.length,
      places.includes(-1),
      places,
      sentences.some((sentence) => /cat|Great/.test(sentence)),
    ]).toEqual([3, false, [...places].sort((one, other) => one - other), false]);
  });

  test('a text of fewer sentences is its own summary', async () => {
    expect((await engine.summarize('One sentence. And another.', 3)).sentences).toEqual([
      'One sentence.',
      'And another.',
    ]);
  });

  test('a word of 40 000 letters does not hold the thread up', async () => {
    const { sentences } = await engine.summarize(`The parcel is late. ${'a'.repeat(40_000)} It is lost.`, 5);
    expect(sentences[0]).toMatch(/^The parcel is late\./);
  });
});

describe('local models: entities', () => {
  test('are what has a form of its own, as it stands in the text', async () => {
    const text =
      'On 3 May 2026 I paid $1,250.50 (about 10%) via https://shop.example/a?b=1, mail me at a.b@c.example before 5 pm. It took  two   weeks!';
    expect(await engine.entities(text)).toEqual({
      model: 'local/wink-eng-lite',
      entities: [
        { kind: 'DATE', text: '3 May 2026' },
        { kind: 'MONEY', text: '$1,250.50' },
        { kind: 'PERCENT', text: 'about 10%' },
        { kind: 'URL', text: 'https://shop.example/a?b=1' },
        { kind: 'EMAIL', text: 'a.b@c.example' },
        { kind: 'TIME', text: '5 pm' },
        { kind: 'DURATION', text: 'two   weeks' },
      ],
    });
  });
});

describe('local models: the event loop', () => {
  // on this thread the same work would be one stall of about a second, see the README
  test('goes on turning while the thread works', async () => {
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns += 1;
      if (!isDone) setImmediate(turn);
    };
    turn();
    await engine.embed(Array.from({ length: 64 }, (_, index) => `Order ${index} has not arrived yet.`));
    isDone = true;
    expect(turns).toBeGreaterThan(100);
  });

  test('and short calls do not wait for long ones', async () => {
    const order: string[] = [];
    const texts = Array.from({ length: 200 }, (_, index) => `Parcel ${index} was sent to the wrong town.`);
    await Promise.all([
      engine.embed(texts).then(() => order.push('embed')),
      engine.language('Wo ist mein Paket geblieben?').then(() => order.push('language')),
    ]);
    expect(order).toEqual(['language', 'embed']);
  });
});
