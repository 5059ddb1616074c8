// What the filter’s controls say, and how a filter reads.

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
	/** @type {(from: string) => string} */
	fromDay: (from) => `From ${from}`,
	/** @type {(to: string) => string} */
	untilDay: (to) => `Until ${to}`,
	liked: "Liked",
	/** @type {(least: string) => string} */
	atLeast: (least) => `At least $${least}`,
	/** @type {(most: string) => string} */
	atMost: (most) => `At most $${most}`,
	oneGroup: "One group of runs",
	/** @type {(tag: string) => string} */
	tag: (tag) => `Tag: ${tag}`,
	/** @type {(name: string) => string} */
	collection: (name) => `Collection: ${name}`,
	oneBatch: "One batch",
	/** @type {(words: string, newest: boolean) => string} */
	noneFits: (words, newest) => `No job fits ${words}.${newest ? " The newest jobs were searched; “Show older jobs” goes on." : ""}`,
});
