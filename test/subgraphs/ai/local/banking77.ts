/*
 * Questions of customers of a bank with the intent that people gave them: the first eight of five intents of the test set of
 * Banking77, by PolyAI (Casanueva et al. 2020, https://github.com/PolyAI-LDN/task-specific-datasets), under CC BY 4.0. The
 * descriptions are the names of the intents in other words.
 */
export const banking77 = {
  card_arrival: {
    description: 'when a new card arrives, its delivery and tracking',
    texts: [
      'How do I locate my card?',
      'I still have not received my new card, I ordered over a week ago.',
      'I ordered a card but it has not arrived. Help please!',
      'Is there a way to know when my card will arrive?',
      'My card has not arrived yet.',
      'When will I get my card?',
      'Do you know if there is a tracking number for the new card you sent me?',
      'i have not received my card',
    ],
  },
  card_linking: {
    description: 'linking a card to the app, adding or reactivating a card',
    texts: [
      "Why won't my card show up on the app?",
      'I would like to reactivate my card.',
      'Where do I link the new card?',
      'I have received my card, can you help me put it in the app?',
      'How do I link a card that I already have?',
      "I received my new card, but I don't see it in the app anywhere.  What do I do?",
      'How do I re-add a card to the app?',
      'How do I add the card to my account?',
    ],
  },
  exchange_rate: {
    description: 'exchange rates of currencies',
    texts: [
      'I need to know your exchange rates.',
      'What exchange rates do you offer?',
      'How did you come up with your exchange rates?',
      'Where do you guys acquire your exchange rate?',
      'How do I find the exchange rate?',
      'What are your international exchange rates?',
      'How often do your exchange rates change',
      'Please advise what is the exchange rate',
    ],
  },
  extra_charge_on_statement: {
    description: 'an extra charge or fee on the statement',
    texts: [
      'My statement has a dollar I have been charged showing up on it.',
      'Why is there a fee for an extra pound in my statement?',
      "I'm not okay with this fee on my statement.",
      'Why is there an extra dollar charged to my account?',
      "There is a fee I don't recognize on my statement.",
      'I would like a refund on the extra pound I was charged.',
      'Can you explain what this random $1 charge is?',
      'What is this $1 charge on my statement?',
    ],
  },
  pending_cash_withdrawal: {
    description: 'a cash withdrawal that is still pending',
    texts: [
      'My withdrawl is still pending.  Why?',
      'My card was denied at an ATM earlier today but the transaction is pending. Please cancel it as I did not receive my money.',
      'My transaction is still showing that is pending from my cash withdrawal.',
      "Hey I tried to get some money out earlier but the machine didn't work. Now just saw the transaction still seems in progress! Can you please check what's going there, seems something is broken, I don't want to be charged for money that I haven't actually received!",
      'How long does the cash withdrawal take to pend?',
      'Why is it taking so long for my cash withdrawal to no longer show as pending?',
    ],
  },
} as const;
