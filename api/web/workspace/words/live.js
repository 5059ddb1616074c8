// What is said about the connection and the installation.

export const LIVE = Object.freeze({
	connecting: "Connecting",
	live: "Live",
	polling: "Live, every 2 s",
	reconnecting: "Reconnecting",
	idle: "Idle",
	disconnected: "Disconnected",
	lost: "The connection to the server was lost.",
	restored: "The connection was restored.",
	/** @type {(time: string, seconds: number) => string} */
	retrying: (time, seconds) => ` Last updated at ${time}. Retrying ${seconds ? `in ${seconds} s` : "now"}.`,
	allSimulated: "Simulated providers",
	/** @type {(text: string) => string} */
	simulated: (text) => `${text} simulated`,
	/** @type {(names: string[]) => string} */
	nothingCharged: (names) => `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} simulated on this machine: nothing is charged.`,
	/** @type {(promptmill: string) => string} */
	version: (promptmill) => `Promptmill ${promptmill}`,
	/** @type {(time: string, age: string) => string} */
	since: (time, age) => ` Since ${time} (${age}).`,
});
