// What is said about the price, queueing, and a form that was filled from elsewhere.

export const MAKING = Object.freeze({
	grokCharged: " Grok’s tokens are charged in addition.",
	/** @type {(runs: number) => string} */
	runsEach: (runs) => `${runs} runs each. `,
	insteadOf: "instead of ",
	priceLimit: "Price limit in USD",
	priceLimitNote: "(for each job: if WaveSpeed asks more, it fails unpaid; empty: no limit)",
	priceUnknown: "Price unknown: the server did not say. Asking again…",
	/** @type {(number: number, name: string) => string} */
	queued: (number, name) => `Queued${number > 1 ? `, ${number} times` : ""}: ${name}.`,
	/** @type {(number: number, number2: number) => string} */
	queuedSome: (number, number2) => `${number} of ${number2} jobs were queued. The next one was not.`,
	nothingQueued: "Nothing was queued.",
	setAside: "Your previous draft is set aside.",
	bringBack: "Bring it back",
	dismissDraft: "Dismiss the previous draft",
});
