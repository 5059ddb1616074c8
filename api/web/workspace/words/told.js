// What is said about being told when jobs are done.

export const TOLD = Object.freeze({
	browser: "Notifications of the browser",
	sound: "A sound",
	whenAll: "When all jobs are done",
	eachJob: "For each job",
	tellMe: "Tell me when jobs are done",
	when: "When",
	tryIt: "Try it",
	chooseFirst: "Choose a notification or a sound first.",
	/** @type {(number: number) => string} */
	jobsDone: (number) => `${number} jobs are done`,
	trial: "This is how it looks",
	onlyHttps: "This browser shows notifications only over https.",
	notAllowed: "The browser does not allow notifications from this page. Allow them in its settings for this site.",
	change: "You are told when jobs are done. Change",
	trialText: "A notification from Promptmill.",
	/** @type {(number: number, failed: number) => string} */
	someFailed: (number, failed) => `${number} completed, ${failed} did not.`,
	allCompleted: "All of them completed.",
});
