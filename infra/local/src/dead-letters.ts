import { commandArguments } from './arguments.js';
import { deadLettersArguments, usage, type DeadLettersArguments } from './dead-letters/arguments.js';
import { DeadLettersClient } from './dead-letters/client.js';
import { listText, settledText, showText } from './dead-letters/text.js';
import { startDirectory } from './places.js';

process.exitCode = await main(commandArguments(usage, deadLettersArguments));

async function main(args: DeadLettersArguments): Promise<number> {
  try {
    await run(args, DeadLettersClient.of(startDirectory()));
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

async function run(args: DeadLettersArguments, client: DeadLettersClient): Promise<void> {
  switch (args.command) {
    case 'list': {
      const found = await Promise.all(
        args.services.map(async service =>
          (await client.list(service, args.query)).map(letter => ({ service, ...letter })),
        ),
      );
      const letters = found.flat().sort((a, b) => Date.parse(b.deadAt) - Date.parse(a.deadAt));
      console.log(args.json ? JSON.stringify(letters, null, 2) : listText(letters));
      break;
    }
    case 'show': {
      const letter = await client.show(args.letter);
      console.log(args.json ? JSON.stringify(letter, null, 2) : showText(args.letter, letter));
      break;
    }
    case 'replay':
    case 'discard':
      // One after the other: the letters of an order in the order that they are given in.
      for (const letter of args.letters)
        console.log(settledText(letter, await client.settle(letter, args.command, args.body)));
      break;
  }
}
