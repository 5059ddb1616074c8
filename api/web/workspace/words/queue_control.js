// Words of pauses: of one's own queue, of an owner by an admin, of a provider by an operator; and of selected jobs.

export const QUEUE = {
	name: "Queue",
	namePaused: "Queue paused",
	menuOf: "Queue: pause or resume",
	menuPaused: "Queue paused: resume",
	title: "Pause or resume your queue: what waits is not sent; the list goes on",
	yours: "Your queue",
	running: "Jobs are submitted as their turn comes.",
	pause: "Pause my queue",
	resume: "Resume my queue",
	pausedByYou: "You paused your queue.",
	/** @param {string} who */
	pausedBy: (who) => `Your queue is paused by ${who}.`,
	/** @param {string} when */
	stays: (when) => `You can add jobs; none is submitted, and deadlines count. Since ${when}.`,
	pausedByAdmin: "An admin has paused your team.",
	/**
	 * @param {string} reason
	 * @param {string} who
	 * @param {string} when
	 */
	adminStays: (reason, who, when) => `${reason} Only an admin can resume it. By ${who}, since ${when}.`,
	paused: "Your queue is paused: nothing more is submitted.",
	resumed: "Your queue is resumed: its jobs go on within a minute or so.",
};

export const PROVIDERS = {
	heading: "Providers, for everybody",
	loading: "Loading…",
	/** @type {Record<string, string>} */
	names: { grok: "Grok", wavespeed: "WaveSpeed" },
	runs: "is not paused.",
	/**
	 * @param {string} reason
	 * @param {string} who
	 * @param {string} when
	 */
	paused: (reason, who, when) => `is paused: ${reason || "no reason was given"}. By ${who}${when && `, since ${when}`}.`,
	/** @param {string} name */
	reasonOf: (name) => `Why ${name} is paused`,
	reason: "Reason, which everybody reads",
	/** @param {string} name */
	pause: (name) => `Pause ${name}`,
	/** @param {string} name */
	resume: (name) => `Resume ${name}`,
	needsReason: "Say why: whoever meets the pause wants to know.",
	/** @param {string} name */
	nowPaused: (name) => `${name} is paused. What it was sent before goes on.`,
	/** @param {string} name */
	nowResumed: (name) => `${name} is resumed.`,
	somebody: "somebody",
};

/** Jobs selected in the list. */
export const ROWS = {
	toolbar: "Selected jobs",
	/** @param {number} number */
	selected: (number) => `${number.toLocaleString()} job${number === 1 ? "" : "s"} selected`,
	all: "All",
	allTitle: "Select all jobs that were found",
	/** @param {number} number */
	tooMany: (number) => `The newest ${number.toLocaleString()} are selected.`,
	done: "Done",
	doneTitle: "Select nothing (Esc)",
	source: "They are the selected jobs.",
	failed: "The jobs could not be selected.",
};

export const OWNER_FILTER = {
	label: "Owner",
	/** @param {string} name */
	own: (name) => `${name} (yours)`,
};
