// What the filter’s controls say.

export const FILTERS = Object.freeze({
	any: "Any",
	modelHint: "vendor/name",
	title: "Filters",
	status: "Status",
	kind: "Kind",
	until: "Until",
	least: "Cost at least, USD",
	most: "Cost at most, USD",
	likedOnly: "Liked only",
	clear: "Clear",
	/** @type {(words: string) => string} */
	remove: (words) => `Remove the filter ${words}`,
	clearAll: "Clear the filters",
});
