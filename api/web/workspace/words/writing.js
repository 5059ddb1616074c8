// What AI Generate says.

export const WRITING = Object.freeze({
	nothingLost: "Nothing was lost. Try again.",
	deleted: "The prompt job was deleted.",
	readyNote: "The prompt is ready. Use it, keep yours, edit it, or try again.",
	ready: "Prompt ready",
	/** @type {(message: string) => string} */
	failedBecause: (message) => `No prompt was written. ${message}`,
	failedTitle: "No prompt written",
	cancelled: "Cancelled. Your text is unchanged.",
	notCancelled: "The prompt job could not be cancelled; its prompt will not be used.",
	/** @type {(time: string) => string} */
	grokWriting: (time) => `Grok is writing, ${time}`,
	waitingGrok: "Waiting for Grok.",
	keepTyping: "You can keep typing: your text is not overwritten.",
	yourText: "Your text",
	groksText: "Grok’s text",
	useIt: "Use it",
	keepMine: "Keep mine",
	discard: "Discard",
	failed: "No prompt was written.",
	writeMyself: "Write it myself",
});
