// What the results of a group say.

export const SIDE_BY_SIDE = Object.freeze({
	openTitle: "See what was queued together, side by side (b)",
	shortcut: "See what was queued together, side by side",
	/** @type {(number: number) => string} */
	results: (number) => `${number} ${number === 1 ? "job" : "jobs"}, queued together`,
	/** @type {(amount: string) => string} */
	cost: (amount) => `${amount} in all`,
	close: "Close (Esc)",
	loading: "Reading the jobs…",
	empty: "No jobs were queued under this name. They may have been deleted.",
	/** @type {(name: string, model: string) => string} */
	openOutput: (name, model) => `Open ${name}, made by ${model}`,
	like: "Like",
	/** @type {(name: string, model: string) => string} */
	likeOf: (name, model) => `Like: ${name}, made by ${model}`,
	/** @type {(duration: string) => string} */
	took: (duration) => `in ${duration}`,
	covered: "Flagged as not safe for work",
	columns: "Results by model",
});
