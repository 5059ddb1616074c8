// Which models the picker lists, in which order; and which belong together.

import { COMMON } from "../words/common.js";
import { MODELS } from "../words/models.js";

/** @import { Model } from "../../types/page.js" */

/**
 * @typedef {object} Wanted
 * @property {string} needle Words, all of which must occur.
 * @property {string} kind What it makes; empty for anything.
 * @property {readonly string[]} starred
 * @property {readonly string[]} recent
 */

/**
 * Return the models that match, in sections: while nothing is searched for, favourites and those used lately come first.
 *
 * @param {readonly Model[]} models
 * @param {Wanted} wanted
 * @returns {{ title: string | null, models: Model[] }[]}
 */
export function found(models, { needle, kind, starred, recent }) {
	const words = needle.toLowerCase().split(/\s+/).filter(Boolean);
	const matching = models.filter((model) => isKind(model, kind) && words.every((word) => textOf(model).includes(word)));
	/** @param {readonly string[]} paths */
	const named = (paths) => paths.flatMap((path) => matching.find(({ model }) => model === path) ?? []);
	const first = named(starred);
	if (words.length) {
		// A match in the name is what was meant.
		const best = matching.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
		return [{ title: null, models: [...new Set([...named(starred).filter((one) => best.includes(one)), ...best, ...matching])] }];
	}
	const lately = named(recent).filter((model) => !first.includes(model));
	const rest = matching.filter((model) => !first.includes(model) && !lately.includes(model));
	const split = first.length + lately.length > 0;
	return [
		{ title: MODELS.favourites, models: first },
		{ title: MODELS.recent, models: lately },
		{ title: split ? COMMON.allModels : null, models: rest },
	].filter((section) => section.models.length);
}

/** @param {Model} model */
function textOf({ label, model, kind, task }) {
	return `${label} ${model} ${kind} ${task ?? ""}`.toLowerCase();
}

/**
 * @param {Model} model
 * @param {string} wanted
 */
function isKind({ kind }, wanted) {
	return !wanted || kind === wanted || (wanted === "other" && kind !== "image" && kind !== "video");
}

/** Words of a task that are no name, as the last part of a path. */
const TASK = /^(text|image|video|audio|reference|start-end)-to-(text|image|video|audio)(-.*)?$/;

/**
 * Return the variants of a model, itself among them, with what each does; empty if it has none.
 *
 * @param {readonly Model[]} models
 * @param {string} path
 */
export function familyOf(models, path) {
	const base = baseOf(path);
	const family = models.filter(({ model }) => baseOf(model) === base);
	return family.length > 1 ? family.map((model) => ({ model, word: wordOf(model, base) })) : [];
}

/**
 * Return what the paths of a model's variants have in common: the vendor, and the name without its task.
 *
 * @param {string} path
 */
function baseOf(path) {
	return path.split("/").slice(0, 2).join("/");
}

/**
 * @param {Model} model
 * @param {string} base
 */
function wordOf({ model, kind, task }, base) {
	const rest = model.slice(base.length + 1);
	const words = (rest || (TASK.test(task ?? "") ? task : null) || `text-to-${kind}`)?.replaceAll("-", " ").replace(/\b(\w+) to (\w+)\b/, "$1 to $2") ?? "";
	return words[0].toUpperCase() + words.slice(1);
}
