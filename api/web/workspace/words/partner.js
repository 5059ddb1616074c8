// What people read about Grok as a partner: how it is asked, the variants that come, styles, describing a picture.

import { count, usd } from "../core/format.js";

export const ASK = {
	toggle: "Style, variants",
	title: "How Grok writes",
	style: "Style",
	anyStyle: "Any",
	length: "Length",
	lengths: { short: "Short", medium: "Medium", long: "Long" },
	language: "Language",
	languageHint: "English",
	variants: "Variants",
	negative: "This model takes a negative prompt: Grok writes it as well.",
	unreachable: "The styles cannot be loaded.",
	/** @param {{ style: string, variants: number, length: string, language: string }} chosen */
	summary: ({ style, variants, length, language }) => [style, variants > 1 && `${variants} variants`, length, language].filter(Boolean).join(" · "),
	/** @param {number | null} cost What the last question cost. */
	price: (cost) => (cost === null ? "xAI charges for each question, and says how much afterwards. All variants are one question." : `Your last question cost ${usd(cost)}. All variants are one question.`),
};

export const STYLES = {
	add: "New style",
	edit: "Change",
	remove: "Delete",
	name: "Name",
	namePlaceholder: "Watercolour",
	wording: "What Grok is told",
	wordingPlaceholder: "Watercolour on rough paper: wet edges, few colours, much white.",
	save: "Save the style",
	cancel: "Cancel",
	missing: "Enter a name and what Grok is told.",
	notSaved: "The style was not saved.",
	notDeleted: "The style was not deleted.",
	/** @param {string} name */
	saved: (name) => `The style ${name} is saved and chosen.`,
	/** @param {string} name */
	deleted: (name) => `The style ${name} is deleted.`,
	/** @param {string} name */
	sure: (name) => `Delete the style ${name}?`,
	sureMore: "Prompts and jobs that were made in it stay.",
	/** @param {{ jobs: number, kept: number, model: string }[]} models */
	fared: (models) => models.map(({ model, jobs, kept }) => `${model}: ${kept} of ${count(jobs, "job")} liked`).join("\n"),
	/** @param {number} likes */
	likes: (likes) => count(likes, "like"),
};

export const VARIANTS = {
	word: "Variant",
	/** @param {number} number @param {number} of */
	name: (number, of) => (of > 1 ? `Variant ${number}` : "Grok’s"),
	take: "Use this one",
	/** @param {number} number */
	takeName: (number) => `Use variant ${number}`,
	compare: "Show what changed",
	tooLong: "These texts are too long to be compared word by word.",
	negative: "Not to be seen:",
	/** @param {number} came @param {number} wanted */
	fewer: (came, wanted) => `Grok wrote ${came} of the ${wanted} variants that were asked for.`,
};

export const DESCRIBE = {
	label: "Describe",
	says: "Have Grok write the prompt that would make this picture",
	target: "Describe the target image",
	failed: "The picture cannot be described.",
	busy: "First decide on the prompt that Grok is writing.",
	begun: "Grok is describing the picture.",
	off: "New prompts by Grok are turned off at the moment.",
};
