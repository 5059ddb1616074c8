// What is said about an announcement.

export const ANNOUNCEMENT = Object.freeze({
	/** @type {(time: string) => string} */
	until: (time) => ` Until ${time}.`,
	dismiss: "Dismiss the announcement",
});
