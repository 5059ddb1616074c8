// What the page says about tags and collections.

import { count } from "../core/format.js";

export const TAGS = {
	title: "Tags",
	add: "Add a tag",
	addButton: "Add",
	note: "Separate several tags with commas.",
	field: "Tags",
	addYes: "Add",
	removeYes: "Remove",
	cancel: "Cancel",
	filter: "Tag",
	empty: "Give at least one tag.",
	notChanged: "The tags were not changed.",
};

/** @param {string} tag */
export const removeTag = (tag) => `Remove the tag ${tag}`;

/** @param {string} tag */
export const findTag = (tag) => `Show jobs tagged ${tag}`;

/** @param {number} jobs */
export const tagTitle = (jobs) => `Tag ${count(jobs, "job")}`;

/** @param {number} jobs */
export const taggedText = (jobs) => `Tags of ${count(jobs, "job")} changed.`;

/**
 * @param {number} jobs
 * @param {string} reason The API's word.
 */
export const untaggedText = (jobs, reason) => `${count(jobs, "job")} left as before: ${{ too_many: "a job has at most 20 tags", erased: "erased jobs have no tags" }[reason] ?? "not there any more"}.`;

export const COLLECTIONS = {
	collect: "Collect",
	collectTitle: "Add to a collection (a)",
	field: "Collection",
	note: "Choose one of yours, or name a new one.",
	addYes: "Add",
	filter: "Collection",
	unnamed: "Collection",
	any: "Any",
	rename: "Rename…",
	renameTitle: "Rename the collection",
	name: "Name",
	renameYes: "Rename",
	delete: "Delete…",
	deleteYes: "Delete",
	deleteNote: "Its outputs and their jobs stay.",
	download: "Download",
	downloadTitle: "Download the stored outputs as one zip",
	leave: "Show all jobs",
	earlier: "Earlier",
	earlierTitle: "Move to an earlier place (<)",
	later: "Later",
	laterTitle: "Move to a later place (>)",
	takeOut: "Take out",
	takeOutTitle: "Take out of the collection",
	open: "Open",
	bar: "Collection",
	missing: "There is no such collection. It may have been deleted.",
	notLoaded: "The collection could not be loaded.",
	notMoved: "The order was not changed.",
	notTaken: "Nothing was taken out.",
	notDeleted: "The collection was not deleted.",
	hint: "Drag pictures to order them.",
};

/** @param {number} outputs */
export const outputsText = (outputs) => count(outputs, "output");

/** @param {number} outputs */
export const collectTitle = (outputs) => `Add ${count(outputs, "output")} to a collection`;

/**
 * @param {number} outputs
 * @param {string} name
 */
export const collectedText = (outputs, name) => `${count(outputs, "output")} in ${name}.`;

/** @param {string} name */
export const openCollection = (name) => `Open the collection ${name}`;

/** @param {string} name */
export const deleteCollectionTitle = (name) => `Delete the collection ${name}?`;

/** @param {number} outputs */
export const takenOut = (outputs) => `${count(outputs, "output")} taken out.`;

/** @param {number} place */
export const movedText = (place) => `Moved to place ${place}.`;
