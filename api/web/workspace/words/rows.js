// Words of the rows of the list, which the first view has.

/** Why a job of a paused queue waits. */
export const HELD = {
	/** @param {string} since */
	byYou: (since) => `Held: you paused your queue, since ${since}.`,
	/** @param {string} since */
	byYours: (since) => `Held: your queue is paused, since ${since}.`,
	/**
	 * @param {string} said Who paused it, and why.
	 * @param {string} since
	 */
	byAdmin: (said, since) => `Held by an admin: ${said}, since ${since}.`,
};

/** The list on the page, which can be held as it is. */
export const LIST_HELD = {
	word: "List held",
	hold: "Hold list",
	follow: "Follow",
	holdTitle: "Hold the list as it is: live updates wait, jobs go on (p)",
	followTitle: "Follow live updates again (p)",
};

/** @param {string} name */
export function selectText(name) {
	return `Select ${name}`;
}
