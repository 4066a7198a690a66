/** What the example products of one category have in common; two subgraphs build on it, so that they agree. */
export interface ProductKind {
  readonly code: string;
  readonly category: string;
  readonly department: Department;
  /** What a review calls the thing. */
  readonly thing: string;
  readonly nouns: readonly [string, ...string[]];
  /** In whole units of the currency. */
  readonly price: readonly [number, number];
  readonly weightGrams: readonly [number, number];
  readonly features: readonly [string, ...string[]];
  readonly praise: readonly [string, ...string[]];
  readonly complaint: string;
}

export type Department = 'Kitchen' | 'Outdoors' | 'Desk' | 'Sound' | 'Garden' | 'Rest';

export const departments: readonly Department[] = ['Kitchen', 'Outdoors', 'Desk', 'Sound', 'Garden', 'Rest'];

export const productKinds: readonly [ProductKind, ...ProductKind[]] = [
  {
    code: 'KTL',
    category: 'Kettles',
    department: 'Kitchen',
    thing: 'kettle',
    nouns: ['Gooseneck Kettle', 'Stovetop Kettle'],
    price: [39, 129],
    weightGrams: [780, 1450],
    features: [
      'a spout that pours where you point it',
      'a handle that stays cool',
      'a lid that never rattles',
    ],
    praise: [
      'Pours so slowly and evenly that my coffee changed overnight.',
      'Boils fast and quietly, and looks good on the stove all day.',
    ],
    complaint: 'The lid could sit a little tighter.',
  },
  {
    code: 'TNT',
    category: 'Tents',
    department: 'Outdoors',
    thing: 'tent',
    nouns: ['Two-Person Tent', 'Ridge Tent', 'Family Dome'],
    price: [149, 590],
    weightGrams: [1600, 7200],
    features: ['poles marked by colour', 'a porch for wet boots', 'seams taped from the inside'],
    praise: ['A night of sideways rain and not a drop inside.', 'Up in four minutes on my own, in the dark.'],
    complaint: 'The pegs bend on stony ground, so bring better ones.',
  },
  {
    code: 'NTB',
    category: 'Notebooks',
    department: 'Desk',
    thing: 'notebook',
    nouns: ['Dotted Notebook', 'Ruled Notebook', 'Sketchbook'],
    price: [12, 34],
    weightGrams: [180, 620],
    features: ['paper that takes a fountain pen', 'a spine that opens flat', 'a pocket in the back cover'],
    praise: [
      'No bleeding, no ghosting, and the paper is a pleasure to write on.',
      'It lies flat from the first page to the last.',
    ],
    complaint: 'The ribbon frays after a few months.',
  },
  {
    code: 'HDP',
    category: 'Headphones',
    department: 'Sound',
    thing: 'pair of headphones',
    nouns: ['Over-Ear Headphones', 'Studio Headphones'],
    price: [79, 420],
    weightGrams: [190, 360],
    features: ['cushions that can be replaced', 'forty hours on one charge', 'a case that folds flat'],
    praise: [
      'I hear details in records that I have owned for twenty years.',
      'Light enough to forget that they are there.',
    ],
    complaint: 'The cable is on the short side.',
  },
  {
    code: 'HTL',
    category: 'Hand Tools',
    department: 'Garden',
    thing: 'tool',
    nouns: ['Hand Trowel', 'Bypass Secateurs', 'Weeding Fork'],
    price: [14, 68],
    weightGrams: [190, 540],
    features: ['a forged head', 'an ash handle', 'a loop to hang it by'],
    praise: [
      'Cuts cleanly and springs back without a sound.',
      'Sturdy enough for clay soil, which has eaten three others.',
    ],
    complaint: 'A bit heavy for small hands.',
  },
  {
    code: 'BLK',
    category: 'Blankets',
    department: 'Rest',
    thing: 'blanket',
    nouns: ['Throw Blanket', 'Wool Blanket', 'Picnic Blanket'],
    price: [45, 180],
    weightGrams: [700, 2100],
    features: ['wool from one valley', 'edges bound by hand', 'a weave that breathes'],
    praise: [
      'Warm without being heavy, and the dog agrees.',
      'The colour is even lovelier than in the picture.',
    ],
    complaint: 'It sheds a little before the first wash.',
  },
  {
    code: 'KNF',
    category: 'Knives',
    department: 'Kitchen',
    thing: 'knife',
    nouns: ["Chef's Knife", 'Paring Knife', 'Bread Knife'],
    price: [29, 210],
    weightGrams: [70, 260],
    features: ['a blade that keeps its edge', 'a balanced grip', 'a full tang'],
    praise: [
      'Goes through a ripe tomato as if it were air.',
      'Months of daily use and it has not asked for the stone.',
    ],
    complaint: 'Arrives so sharp that a guard should be in the box.',
  },
  {
    code: 'BPK',
    category: 'Backpacks',
    department: 'Outdoors',
    thing: 'backpack',
    nouns: ['Day Pack', 'Trekking Pack', 'Roll-Top Pack'],
    price: [59, 260],
    weightGrams: [620, 2300],
    features: [
      'a back panel that lets air through',
      'a rain cover in its own pocket',
      'zips that glide in the cold',
    ],
    praise: [
      'Carried twelve kilos for a week and my shoulders said nothing.',
      'Every pocket is where my hand looks for it.',
    ],
    complaint: 'The bottle pocket is tight for a wide bottle.',
  },
  {
    code: 'LMP',
    category: 'Desk Lamps',
    department: 'Desk',
    thing: 'lamp',
    nouns: ['Task Lamp', 'Arc Lamp', 'Clamp Lamp'],
    price: [49, 230],
    weightGrams: [900, 3400],
    features: ['light from warm to cool', 'an arm that stays where you leave it', 'a dimmer without flicker'],
    praise: [
      'My eyes are no longer tired at six in the evening.',
      'The arm moves with one finger and never droops.',
    ],
    complaint: 'The switch is hard to find in the dark.',
  },
  {
    code: 'SPK',
    category: 'Speakers',
    department: 'Sound',
    thing: 'speaker',
    nouns: ['Bookshelf Speaker', 'Portable Speaker'],
    price: [69, 640],
    weightGrams: [540, 6800],
    features: [
      'a cabinet of real wood',
      'bass that does not boom',
      'two that find each other and play stereo',
    ],
    praise: ['Fills the kitchen without shouting.', 'Voices sound as if someone stood in the room.'],
    complaint: 'The app wants more permissions than it needs.',
  },
  {
    code: 'PLT',
    category: 'Planters',
    department: 'Garden',
    thing: 'planter',
    nouns: ['Terrace Planter', 'Hanging Planter', 'Windowsill Planter'],
    price: [18, 145],
    weightGrams: [450, 9800],
    features: ['a hidden water tank', 'a drain that can be closed', 'a glaze that survives frost'],
    praise: ['The basil has outlived three holidays.', 'Survived its first winter outside without a crack.'],
    complaint: 'Heavy once it is full, so choose the place first.',
  },
  {
    code: 'PLW',
    category: 'Pillows',
    department: 'Rest',
    thing: 'pillow',
    nouns: ['Down Pillow', 'Buckwheat Pillow', 'Travel Pillow'],
    price: [24, 130],
    weightGrams: [280, 1900],
    features: ['a filling you can adjust', 'a cover that comes off', 'cotton that stays cool'],
    praise: ['The first pillow that I have packed for a hotel.', 'A stiff neck for years, gone in a week.'],
    complaint: 'Smells a little of the warehouse on the first night.',
  },
  {
    code: 'CKW',
    category: 'Cookware',
    department: 'Kitchen',
    thing: 'pan',
    nouns: ['Skillet', 'Casserole', 'Saucepan'],
    price: [34, 240],
    weightGrams: [820, 4600],
    features: ['a base that heats evenly', 'rivets without gaps', 'a lid that returns the steam'],
    praise: [
      'Eggs slide off it as in an advertisement.',
      'Browns properly, cleans in a minute, and will outlive me.',
    ],
    complaint: 'The handle gets warm after twenty minutes.',
  },
  {
    code: 'LNT',
    category: 'Lanterns',
    department: 'Outdoors',
    thing: 'lantern',
    nouns: ['Camp Lantern', 'Trail Lantern'],
    price: [25, 110],
    weightGrams: [160, 780],
    features: ['a flame-like low setting', 'a hook that swivels', 'a battery that charges a phone'],
    praise: ['Lit our whole table for four nights on one charge.', 'The warm setting makes any tent a home.'],
    complaint: 'The brightest setting drains it quickly.',
  },
  {
    code: 'PEN',
    category: 'Pens',
    department: 'Desk',
    thing: 'pen',
    nouns: ['Fountain Pen', 'Rollerball', 'Mechanical Pencil'],
    price: [9, 160],
    weightGrams: [12, 46],
    features: ['a nib that starts at once', 'a cap that clicks', 'a barrel turned from one piece'],
    praise: [
      'Starts on the first stroke, even after a month in a drawer.',
      'Balanced so well that my handwriting improved.',
    ],
    complaint: 'The clip is a little stiff.',
  },
  {
    code: 'TRN',
    category: 'Turntables',
    department: 'Sound',
    thing: 'turntable',
    nouns: ['Belt-Drive Turntable', 'Direct-Drive Turntable'],
    price: [179, 890],
    weightGrams: [3200, 9400],
    features: ['a platter that runs true', 'a tonearm you can set by hand', 'a dust cover that stays open'],
    praise: [
      'Silent between the tracks, which is all I asked for.',
      'Set up in half an hour, and the old records are back.',
    ],
    complaint: 'The manual could be clearer about the counterweight.',
  },
  {
    code: 'WTR',
    category: 'Watering',
    department: 'Garden',
    thing: 'watering can',
    nouns: ['Watering Can', 'Plant Mister', 'Drip Kit'],
    price: [12, 89],
    weightGrams: [190, 1600],
    features: ['a rose as fine as drizzle', 'a neck that reaches the back row', 'a rim that does not drip'],
    praise: ['Gentle enough for seedlings, big enough for tomatoes.', 'No more puddles on the windowsill.'],
    complaint: 'The rose clogs with hard water.',
  },
  {
    code: 'LIN',
    category: 'Bed Linen',
    department: 'Rest',
    thing: 'set of linen',
    nouns: ['Duvet Cover', 'Linen Sheet Set', 'Percale Set'],
    price: [59, 260],
    weightGrams: [900, 2600],
    features: ['flax that softens with each wash', 'buttons of mother-of-pearl', 'corners that stay put'],
    praise: ['Cool in July and cosy in January.', 'Softer after every wash, as promised.'],
    complaint: 'Creases, as linen does.',
  },
  {
    code: 'CFE',
    category: 'Coffee',
    department: 'Kitchen',
    thing: 'coffee maker',
    nouns: ['Pour-Over Set', 'Hand Grinder', 'French Press'],
    price: [28, 190],
    weightGrams: [420, 1500],
    features: ['burrs of hardened steel', 'a filter that needs no paper', 'glass that takes the heat'],
    praise: [
      'The best cup I have made at home, from day one.',
      'Quick to clean, which is why I use it every morning.',
    ],
    complaint: 'One more cup of capacity would be perfect.',
  },
  {
    code: 'BTL',
    category: 'Bottles',
    department: 'Outdoors',
    thing: 'bottle',
    nouns: ['Insulated Bottle', 'Filter Bottle', 'Tea Flask'],
    price: [19, 64],
    weightGrams: [210, 560],
    features: ['steel inside and out', 'a cap for one hand', 'a mouth wide enough for ice'],
    praise: [
      'Tea from seven in the morning was still hot at noon.',
      'Fell down a staircase and only gained character.',
    ],
    complaint: 'The paint chips at the base.',
  },
  {
    code: 'KBD',
    category: 'Keyboards',
    department: 'Desk',
    thing: 'keyboard',
    nouns: ['Compact Keyboard', 'Split Keyboard'],
    price: [69, 290],
    weightGrams: [520, 1350],
    features: ['switches you can swap', 'caps that never shine', 'a cable or none'],
    praise: ['Typing became the nicest part of my work.', 'Quiet enough for a shared office.'],
    complaint: 'The legs slide on a glass desk.',
  },
  {
    code: 'RAD',
    category: 'Radios',
    department: 'Sound',
    thing: 'radio',
    nouns: ['Kitchen Radio', 'Travel Radio'],
    price: [45, 240],
    weightGrams: [320, 2400],
    features: ['one knob for everything', 'a clock that sets itself', 'a week on one battery'],
    praise: ['My mother understood it without the manual.', 'Warm sound, and the big knob is a joy.'],
    complaint: 'The display is bright for a bedroom.',
  },
  {
    code: 'GLV',
    category: 'Gloves',
    department: 'Garden',
    thing: 'pair of gloves',
    nouns: ['Rose Gloves', 'Planting Gloves'],
    price: [11, 48],
    weightGrams: [80, 260],
    features: ['goatskin palms', 'long cuffs', 'fingertips that feel a seed'],
    praise: ['An afternoon with the roses and not one scratch.', 'Washed five times and still supple.'],
    complaint: 'They run small, so order a size up.',
  },
  {
    code: 'CDL',
    category: 'Candles',
    department: 'Rest',
    thing: 'candle',
    nouns: ['Beeswax Candle', 'Scented Candle'],
    price: [9, 58],
    weightGrams: [140, 620],
    features: ['a wick of cotton', 'fifty hours of light', 'a glass to keep afterwards'],
    praise: ['Smells of a forest, not of a perfume shop.', 'Burns evenly to the very end.'],
    complaint: 'I wish that it came in a larger size.',
  },
];

/** A name under which one product of each kind is sold. */
export const productSeries: readonly [string, ...string[]] = [
  'Fjord',
  'Alder',
  'Harbour',
  'Meridian',
  'Juniper',
  'Solstice',
  'Basalt',
  'Wren',
  'Copper',
  'Tundra',
];

export const productCount = productKinds.length * productSeries.length;

/** The products' ids, which other subgraphs name without asking. */
export function productId(number: number): string {
  return `p-${String(number).padStart(4, '0')}`;
}

/** The kind of the product with a number from 1 to `productCount`; neighbours are of different kinds. */
export function productKind(number: number): ProductKind {
  return productKinds[(number - 1) % productKinds.length] ?? productKinds[0];
}
