// How a filter reads: a chip for each part that is on, and all of it in one line.

import { collectionName } from "../kept/names.js";
import { FILTERS } from "../words/filters.js";
import { KINDS, NO_FILTER, partsOf } from "./filter.js";
import { GROUPS, groupOf } from "./statuses.js";

/** @import { Filter } from "./filter.js" */

/** @type {Record<string, (filter: Filter) => string>} */
const WORDS = {
	search: ({ search }) => `“${search}”`,
	group: ({ group }) => groupOf(group).name,
	models: ({ models }) => models.join(", "),
	kind: ({ kind }) => KINDS[kind],
	from: ({ from }) => FILTERS.fromDay(from),
	to: ({ to }) => FILTERS.untilDay(to),
	liked: () => FILTERS.liked,
	least: ({ least }) => FILTERS.atLeast(least),
	most: ({ most }) => FILTERS.atMost(most),
	runs: () => FILTERS.oneGroup,
	tag: ({ tag }) => FILTERS.tag(tag),
	collection: ({ collection }) => FILTERS.collection(collectionName(collection)),
	batch: () => FILTERS.oneBatch,
};

/**
 * Return what is on, in words, and the filter without each of it.
 *
 * @param {Filter} filter
 * @returns {{ words: string, without: Filter }[]}
 */
export function chipsOf(filter) {
	return partsOf(filter).flatMap((name) => {
		if (name !== "models") return { words: WORDS[name](filter), without: { ...filter, [name]: NO_FILTER[name] } };
		return filter.models.map((model) => ({ words: model, without: { ...filter, models: filter.models.filter((other) => other !== model) } }));
	});
}

/** @param {Filter} filter */
export function wordsOf(filter) {
	const parts = partsOf(filter);
	return parts.length ? parts.map((name) => WORDS[name](filter)).join(" · ") : GROUPS[0].name;
}

/**
 * Say that no job fits a filter.
 *
 * @param {Filter} filter
 * @param {boolean} newest Whether only the newest jobs were searched.
 */
export function noneFits(filter, newest) {
	return FILTERS.noneFits(wordsOf(filter), newest);
}
