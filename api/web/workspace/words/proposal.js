// What is said of the prompts that Grok proposes for a batch.

import { count, usd } from "../core/format.js";
import { rows } from "./batches.js";

export const PROPOSAL = Object.freeze({
	title: "Proposed prompts",
	/** @type {(each: number) => string} */
	note: (each) => `Choose what is to be made, change what you like. ${each === 1 ? "Each prompt makes one output." : `Each prompt is made for all ${rows(each)}.`} Nothing is made or paid at WaveSpeed before you press the button below.`,
	keys: "Space chooses a prompt or leaves it, e edits it, a chooses all or none.",
	writing: "Grok is writing the prompts. They appear here; the page may be closed meanwhile.",
	failed: "Grok proposed no prompts.",
	failedNote: "Nothing was made. Write prompts of your own below, or cancel this batch and ask again.",
	/** @type {(place: number) => string} */
	choosePrompt: (place) => `Choose prompt ${place}`,
	/** @type {(place: number) => string} */
	promptNumber: (place) => `Prompt ${place}`,
	edit: "Edit",
	editDone: "Done",
	changedPrompt: "changed",
	ownPrompt: "your own",
	chooseAll: "Choose all",
	chooseNone: "Choose none",
	addOwn: "A prompt of your own",
	add: "Add",
	/** @type {(prompts: number, rows: number, made: number) => string} */
	madeOf: (prompts, each, made) => (each === 1 ? count(prompts, "prompt") : `${count(prompts, "prompt")} × ${rows(each)} = ${count(made, "output")}`),
	/** @type {(price: number, floor: boolean) => string} */
	priceEach: (price, floor) => `${floor ? "at least" : "about"} ${usd(price)} each`,
	priceUnknown: "the price of one is unknown",
	/** @type {(made: number, noun: string, price: number | null) => string} */
	makeThem: (made, noun, price) => !made ? `Make the ${noun}s` : `Make ${count(made, noun)}${price === null ? "" : ` for ${usd(price)}`}`,
	making: "Starting…",
	noneChosen: "Choose at least one prompt.",
	samePrompt: "Two chosen prompts are the same.",
	blankPrompt: "A chosen prompt is empty.",
	/** @type {(most: number) => string} */
	tooManyPrompts: (most) => `At most ${most} prompts: choose fewer.`,
	/** @type {(made: number, most: number) => string} */
	tooManyMade: (made, most) => `That would be ${rows(made)}; a batch has at most ${most.toLocaleString("en-US")}.`,
	/** @type {(left: string) => string} */
	overBudget: (left) => `The budget of the batch has ${left} left: it pauses there, and you can raise it.`,
	/** @type {(made: number, noun: string) => string} */
	approved: (made, noun) => `Approved: ${count(made, noun)}.`,
});
