// What is said when jobs are acted on: cancelled, retried, rated, erased.

import { count } from "../core/format.js";

export const JOB_ACTS = Object.freeze({
	/** @type {(text: string) => string} */
	filterShows: (text) => `The filter shows: ${text}.`,
	all: "all",
	ofSelected: "These are the jobs of the selected tiles.",
	jobsCouldNotLoaded: "The jobs could not be loaded.",
	back: "Back",
	queuedAgain: "queued again",
	/** @type {(max: number) => string} */
	onlyNewestIncluded: (max) => ` Only the newest ${max} are included.`,
	archive: "Their stored outputs come as one zip file. It costs nothing.",
	/** @type {(number: number) => string} */
	refused: (number) => `${count(number, "job")} refused; the first because:`,
	nothingCharged: "Nothing has been charged for them so far.",
	/** @type {(number: number, cost: string) => string} */
	charged: (number, cost) => `${count(number, "job")} of them ${number === 1 ? "has" : "have"} been charged by WaveSpeed: ${cost}. That is not refunded.`,
	/** @type {(cost: string) => string} */
	retryAll: (cost) => `New jobs are created from the same requests and charged separately: ${cost}. Jobs that may still be billed are skipped.`,
	priceUnknown: "price unknown",
	/** @type {(name: string) => string} */
	willStop: (name) => `${name} will be stopped. This cannot be undone.`,
	stillCharged: "What WaveSpeed has started is still charged.",
	cancelQuestion: "Cancel this job?",
	notCancelled: "The job was not cancelled.",
	/** @type {(name: string, cost: string) => string} */
	retryOne: (name, cost) => `A new job is created from the same request as ${name} and charged separately: ${cost}.`,
	retryQuestion: "Retry this job?",
	didQueueAgain: "Queued again.",
	notRetried: "The job was not retried.",
	/** @type {(refusal: string) => string} */
	mayBeBilledBecause: (refusal) => `An earlier submission may still be billed. ${refusal}`,
	couldPayTwice: "Retrying now could pay twice for the same image or video.",
	anywayRecorded: "Retrying anyway is recorded in both jobs.",
	mayBeBilled: "An earlier submission may still be billed",
	retryAnyway: "Retry anyway",
	decisionNotSaved: "The decision was not saved.",
	decisionSaved: "Decision saved.",
	ratingNotSaved: "The rating was not saved.",
	ratingRemoved: "Rating removed.",
	liked: "Liked.",
	disliked: "Disliked.",
	eraseGone: "Its prompt, inputs, addresses, labels and results will be gone, here, at Temporal and at WaveSpeed. This cannot be undone.",
	eraseStays: "Its status, times and costs stay. Retries of it are jobs of their own.",
	eraseQuestion: "Erase this job?",
	notErased: "The job was not erased.",
	erased: "Erased.",
	command: "Command",
	why: "Why?",
	whyOptional: "Why? (optional)",
	/** @type {(label: string) => string} */
	rated: (label) => `Rated: ${label}.`,
	/** @type {(cost: string) => string} */
	about: (cost) => `about ${cost}`,
	/** @type {(cost: string, number: number) => string} */
	aboutAndUnknown: (cost, number) => `about ${cost}, and ${count(number, "job")} with an unknown price`,
	/** @type {(verb: string, number: number) => string} */
	what: (verb, number) => `${verb} ${count(number, "job")}`,
	/** @type {(verb: string, number: number) => string} */
	started: (verb, number) => `${verb}: ${count(number, "job")}.`,
	/** @type {(number: number, done: string) => string} */
	did: (number, done) => `${count(number, "job")} ${done}.`,
	cancelled: "cancelled",
	likedThem: "liked",
});
