// Words of the page of statistics.

export const STATISTICS = {
	title: "Statistics",
	back: "Back to jobs",
	/** @param {string} zone */
	lead: (zone) => `Days and hours are those of ${zone}. What was deleted after its retention is not counted, except in what was spent.`,
	range: "Days",
	/** @type {readonly (readonly [days: string, name: string])[]} */
	ranges: [
		["1", "Today, by the hour"],
		["7", "7 days, by the hour"],
		["31", "31 days"],
		["92", "3 months"],
		["366", "A year"],
	],
	owner: "Owner",
	allOwners: "All owners",
	loading: "Loading…",
	again: "Try again",
	nothing: "Nothing in these days.",
	table: "As a table",
	day: "Day",
	hour: "Hour",
	others: "All others",
	/** @param {string} title */
	chart: (title) => `${title}. Arrow keys move between the columns; the table below has every number.`,
};

export const PROMPTS = {
	title: "Prompts a minute",
	text: "How many prompts Grok wrote in the busiest minute, and on average in the minutes in which it wrote any.",
	busiest: "Busiest minute",
	average: "Average",
	written: "Prompts written",
};

export const WAITS = {
	title: "Waits",
	text: "How long jobs took that completed: until WaveSpeed had them, with the prompt, and there.",
	median: "Waited, median",
	most: "Waited, 95 of 100 less",
	making: "At WaveSpeed, median",
	slowest: "At WaveSpeed, 95 of 100 less",
	jobs: "Jobs completed",
};

export const SPENDING = {
	title: "Spending by day and model",
	text: "What counts against budgets: on the day of the permission, and for Grok on which xAI told it.",
	charged: "Charged so far",
	spent: "Spent",
	reserved: "Reserved",
	model: "Model",
};

export const LIKES = {
	/** @type {Record<string, string>} */
	titles: { model: "Likes by model", style: "Likes by style" },
	/** @type {Record<string, string>} */
	names: { model: "Model", style: "Style" },
	text: "Jobs whose outputs somebody liked or disliked, of those that completed.",
	liked: "Liked",
	disliked: "Disliked",
	made: "Completed",
	share: "Liked of those judged",
	/** @param {number} share */
	percent: (share) => `${Math.round(share * 100)} %`,
};
