// What the page says about batches: many jobs made from a table.

import { count, usd } from "../core/format.js";

/** @param {number} number */
export const rows = (number) => count(number, "row");

export const BATCHES = Object.freeze({
	title: "Batches",
	back: "Back to the jobs",
	make: "New batch",
	cancel: "Cancel",
	noPictures: "There is no picture in it.",
	maxCost: "May cost at most",
	maxOpen: "Open at once",
	stopAfter: "Pause after failures",
	wrongMaxCost: "Give the amount as a number, such as 2.50.",
	/** @type {(most: number) => string} */
	wrongMaxOpen: (most) => `Open at once: a whole number from 1 to ${most}.`,
	wrongStopAfter: "Pause after failures: a whole number from 1.",

	/** @type {Readonly<Record<string, string>>} */
	states: { planning: "Being stored", awaiting_approval: "Awaiting approval", running: "Running", paused: "Paused", done: "Done", done_with_failures: "Done, with failures", cancelled: "Cancelled" },
	/** @type {Readonly<Record<string, string>>} */
	rowStates: { completed: "done", open: "on the way", unclear: "unclear", failed: "failed", faulty: "faulty", cancelled: "cancelled", skipped: "skipped", gone: "deleted", waiting: "waiting" },
	/** @type {(number: number, state: string) => string} */
	inState: (number, state) => `${number.toLocaleString("en-US")} ${state}`,
	/** @type {(parts: string) => string} */
	progress: (parts) => `Rows: ${parts}`,
	/** @type {(done: number, rows: number) => string} */
	doneOf: (done, all) => `${done.toLocaleString("en-US")} of ${rows(all)} done`,
	/** @type {(spent: number, most: number) => string} */
	spentOf: (spent, most) => `${usd(spent)} of ${usd(most)}`,
	loading: "Loading…",
	notLoaded: "The batches could not be loaded.",
	notFound: "There is no such batch. It may have been deleted.",
	none: "No batch yet",
	noneText: "A batch makes many jobs from a table, within a budget: it cannot run away, and no row is paid twice.",
	older: "Show older batches",
	list: "Batches, newest first",
	allBatches: "All batches",
	/** @type {(actor: string) => string} */
	pausedBy: (actor) => `Paused by ${actor}.`,
	/** @type {(spent: string, reserved: string, left: string) => string} */
	moneyTold: (spent, reserved, left) => `Spent ${spent}, reserved ${reserved}, left ${left}`,
	changeLimits: "Change limits…",
	/** @type {(reserved: string, left: string, open: number) => string} */
	moneyLeft: (reserved, left, open) => ` spent · ${reserved} reserved · ${left} left · ${open} open at once`,
	changeTitle: "Change the limits",
	changeNote: "They hold from now on. A batch that its budget has paused goes on if there is room.",
	changeYes: "Change",
	changed: "The limits were changed.",
	pause: "Pause",
	raise: "Raise the budget…",
	/** @type {(left: string, most: string) => string} */
	outOfBudget: (left, most) => `The next job does not fit the budget: ${left} of ${most} is left. Nothing more is paid until you raise it.`,
	resume: "Resume",
	cancelBatch: "Cancel…",
	retryFailed: "Retry what failed…",
	notDone: "That was not done.",
	/** @type {(title: string) => string} */
	cancelTitle: (title) => `Cancel ${title}?`,
	/** @type {(waiting: number, open: number) => string} */
	cancelNote: (waiting, open) => `${rows(waiting)} ${waiting === 1 ? "waits and is" : "wait and are"} skipped. ${open ? `${count(open, "job")} ${open === 1 ? "is" : "are"} open: what WaveSpeed has started is charged in any case.` : "No job is open."}`,
	cancelWaiting: "Cancel what waits",
	cancelAll: "Cancel the open jobs too",
	keepOn: "Let it go on",
	/** @type {(number: number) => string} */
	retryTitle: (number) => `Retry ${count(number, "failed row")}?`,
	/** @type {(left: string) => string} */
	retryNote: (left) => `New jobs are made for them and charged separately, within the budget: ${left} is left. Rows that may still be billed are not among them.`,
	/** @type {(number: number) => string} */
	retryYes: (number) => `Retry ${rows(number)}`,
	/** @type {(number: number) => string} */
	retried: (number) => `${rows(number)} tried again.`,
	paused: "The batch is paused. What was submitted goes on.",
	resumed: "The batch goes on.",
	cancelled: "The batch was cancelled.",
	results: "Results",
	csv: "CSV",
	jsonl: "JSON Lines",
	zip: "Zip of the outputs",
	sheet: "Contact sheet",
	sheetTitle: "The outputs in the gallery, to like or dislike them",
	rowsTitle: "Rows",
	showAll: "All rows",
	/** @type {(state: string) => string} */
	onlyState: (state) => `Show the rows that are ${state}`,
	noRowsSo: "No row is in this state now.",
	rowColumns: ["Row", "Picture", "What", "State", "Cost"],
	/** @type {(name: string) => string} */
	quoted: (name) => `“${name}”`,
	showBatch: "The batch",
	keepersOnly: "Liked only",
	collectKeepers: "Collect the liked",
	zipKeepers: "Zip of the liked",
	nextBatch: "Next batch from the liked",
	nextBatchTitle: "Make the liked pictures the rows of a new table",
	leaveSheet: "Show all jobs",
	noKeepers: "Nothing in this batch is liked yet: press l on a picture.",
	/** @type {(number: number) => string} */
	bringing: (number) => `Bringing ${count(number, "picture")}…`,
	/** @type {(number: number) => string} */
	notBrought: (number) => `${count(number, "picture")} could not be brought: not stored, and deleted by WaveSpeed.`,
	/** @type {(outputs: number, liked: number) => string} */
	sheetFigure: (outputs, liked) => `${count(outputs, "output")}, ${liked.toLocaleString("en-US")} liked`,
});
