// What is said where a batch is made: its table, the prompts, what it may cost.

import { count, usd } from "../core/format.js";
import { rows } from "./batches.js";

export const TABLE = Object.freeze({
	makeTitle: "Many at once",
	template: "Template",
	templateHint: "Every row of the table becomes a job made like this. {{column}} in a text is filled in from the row.",
	table: "Table",
	newJob: "New job",
	jobs: "Jobs",
	close: "Close",
	closeTitle: "Back to one job; the table stays as it is",

	row: "Row",
	/** @type {(column: string, row: number) => string} */
	cell: (column, row) => `${column}, row ${row}`,
	/** @type {(column: string) => string} */
	nameOf: (column) => `Name of the column ${column}`,

	/** What a column is, under its name. @type {Readonly<Record<string, string>>} */
	roles: { prompt: "the prompt", instructions: "for Grok", image: "the picture", images: "pictures, separated by |", key: "names the row", label: "label", input: "input of the model", unknown: "not used" },
	/** @type {(name: string) => string} */
	fills: (name) => `fills {{${name}}}`,

	emptyTitle: "Paste a table, or drop it here",
	emptyText: "From a spreadsheet, a CSV or JSON Lines file, or pictures: one job for each row.",
	emptyForVariants: "Variants of one idea need no table. With one, each prompt is made for every row.",
	paste: "Paste",
	pasteTitle: "Paste copied cells as the table (Ctrl V)",
	pasteByKeys: "The browser does not let the page read what is copied: press Ctrl V (⌘ V) here.",
	file: "Choose a file…",
	tableFile: "Table: CSV, TSV or JSON Lines",
	pictures: "Pictures…",
	pictureFiles: "Pictures, one row each",
	folder: "A folder…",
	pictureFolder: "A folder of pictures, one row each",
	cross: "All combinations…",
	repeat: "Repeat…",
	byHand: "Type it in",
	more: "Add rows from",
	addRow: "Add a row",
	addColumn: "Add a column",
	deleteRows: "Delete rows",
	deleteColumns: "Delete columns",
	undo: "Undo",
	undoTitle: "Undo (Ctrl Z)",
	clear: "Clear",
	cleared: "The table was cleared.",

	crossTitle: "All combinations",
	crossNote: "Each value of a column is combined with each of the others. One value on each line.",
	crossColumn: "Column",
	crossValues: "Values, one on each line",
	/** @type {(number: number) => string} */
	crossColumnNumber: (number) => `Column ${number}`,
	/** @type {(number: number) => string} */
	crossValuesNumber: (number) => `Values of column ${number}, one on each line`,
	crossAdd: "Another column",
	crossNone: "Name at least one column, and give it a value.",
	crossTwice: "Two columns have the same name.",
	/** @type {(number: number) => string} */
	crossYes: (number) => `Make ${rows(number)}`,
	repeatTitle: "Repeat the template",
	repeatNote: "Each run has a seed of its own, if the model takes one.",
	repeatTimes: "How many times",
	/** @type {(most: number) => string} */
	repeatWrong: (most) => `Give a whole number from 1 to ${most.toLocaleString("en-US")}.`,
	repeatYes: "Make the rows",

	/** @type {(number: number) => string} */
	thereIsOne: (number) => `The table has ${rows(number)} already`,
	addBelow: "Add below",
	replace: "Replace",
	/** @type {(number: number, columns: number) => string} */
	read: (number, columns) => `${rows(number)}, ${count(columns, "column")}.`,
	firstIsNames: "The first line was taken as the names of the columns.",
	firstIsRow: "The first line was taken as a row.",
	takeAsRow: "It is a row",
	takeAsNames: "It names the columns",
	nothingInIt: "There is no table in it.",
	/** @type {(line: number) => string} */
	notJson: (line) => `Line ${line} is not a JSON object. Each line of JSON Lines is one, such as {"prompt": "a lighthouse"}.`,
	/** @type {(rows: number, most: number) => string} */
	tooManyRows: (number, most) => `That would be ${rows(number)}; a batch has at most ${most.toLocaleString("en-US")}.`,
	/** @type {(columns: number, most: number) => string} */
	tooManyColumns: (columns, most) => `That would be ${count(columns, "column")}; a table has at most ${most}.`,
	/** @type {(mebibytes: number) => string} */
	tooLarge: (mebibytes) => `The file is larger than ${mebibytes} MiB: send it in parts.`,
	notUtf8: "The file is not UTF-8. Save the table as UTF-8; Excel calls it “CSV UTF-8”.",
	unreadable: "The file could not be read.",
	/** @type {(number: number) => string} */
	skippedFiles: (number) => `${count(number, "file")} left out: not a picture.`,
	notKept: "The table is too large to be kept in this browser: it is lost if the page is closed before it is queued.",

	waysTitle: "Prompts",
	/** @type {Readonly<Record<string, string>>} */
	ways: { table: "As written here and in the table", each: "Grok writes each", variants: "Variants from one idea" },
	/** @type {Readonly<Record<string, string>>} */
	wayHints: {
		table: "The text above is the prompt of every row, unless a column gives it.",
		each: "Grok writes a prompt for each row from the text above, when the row’s turn comes.",
		variants: "Grok proposes several prompts from the text above. You choose among them and edit them; nothing is made or paid at WaveSpeed before that. A table is not needed: with one, each prompt is made for every row.",
	},
	variantsWanted: "How many variants",
	/** @type {(words: string) => string} */
	wordsInIdea: (words) => `Grok is asked once for all rows: ${words} cannot be filled in here.`,
	noIdea: "Write the idea that Grok should vary.",
	/** @type {(least: number, most: number) => string} */
	wrongVariants: (least, most) => `How many variants: a whole number from ${least} to ${most}.`,
	/** @type {(number: number) => string} */
	propose: (number) => `Let Grok propose ${count(number, "prompt")}`,
	asked: "Grok has been asked. Choose among its prompts here; nothing is made until you do.",

	columns: "Columns to fill in",
	/** @type {(name: string) => string} */
	insert: (name) => `Insert {{${name}}} into the prompt`,
	/** @type {(words: string) => string} */
	missing: (words) => `No column gives ${words}.`,

	faults: "What is wrong",
	/** @type {(number: number) => string} */
	faultCount: (number) => `${number.toLocaleString("en-US")} faulty ${number === 1 ? "row" : "rows"}`,
	next: "Next fault",
	nextTitle: "Go to the next fault (F8)",
	/** @type {(first: number, number: number) => string} */
	inRows: (first, number) => (number === 1 ? `Row ${first}` : `Row ${first} and ${number - 1} more`),
	/** @type {(number: number) => string} */
	moreGroups: (number) => `And ${number} more kinds of faults.`,
	/** @type {(text: string, cells: number) => string} */
	change: (text, cells) => `Change to ${text}${cells > 1 ? ` (${cells} cells)` : ""}`,
	/** @type {(text: string) => string} */
	rename: (text) => `Name the column ${text}`,
	/** @type {(row: number, column: string | null) => string} */
	faultAt: (row, column) => `Row ${row}${column ? `, ${column}` : ""}: `,
	/** @type {(name: string) => string} */
	column: (name) => `Column ${name}`,
	wholeTable: "The whole table: ",

	money: "Cost",
	/** @type {(number: number) => string} */
	rowCount: rows,
	checking: "Checking the table…",
	/** @type {(why: string) => string} */
	notChecked: (why) => `The table could not be checked. ${why}`,
	again: "Try again",
	inAll: "In all",
	atLeast: "At least",
	prompts: "Prompts by Grok",
	/** @type {(number: number) => string} */
	unknownPrices: (number) => `${rows(number)} with an unknown price`,
	unknown: "unknown",
	takes: "Takes",
	left: "Left of the budget",
	/** @type {Readonly<Record<string, string>>} */
	periods: { day: "today", month: "this month", total: "in all" },
	/** @type {(owner: string, period: string) => string} */
	budgetOf: (owner, period) => (owner === "*" ? `installation, ${period}` : period),
	notEnough: "not enough for all rows",
	maxCostHint: "in US dollars; the batch pauses before it would cost more",
	/** @type {(amount: number) => string} */
	setTo: (amount) => `Set to ${usd(amount)}`,
	/** @type {(affordable: number, all: number) => string} */
	enoughFor: (affordable, all) => `Enough for ${affordable.toLocaleString("en-US")} of ${rows(all)}; then it pauses.`,
	name: "Name",
	nameHint: "optional",
	maxOpenHint: "jobs; empty: as the API decides",
	stopAfterHint: "rows; empty: never",
	settings: "Name and limits",
	/** @type {(number: number) => string} */
	skip: (number) => `Skip ${number.toLocaleString("en-US")} faulty ${number === 1 ? "row" : "rows"}`,
	/** @type {(jobs: number, skipped: number, amount: number | null) => string} */
	queue: (jobs, skipped, amount) => `Queue ${count(jobs, "job")}${skipped ? `, skip ${skipped}` : ""}${amount === null ? "" : `, at most ${usd(amount)}`}`,
	queueNone: "Queue",
	queueing: "Queueing…",
	noRows: "The table has no rows.",
	/** @type {(number: number) => string} */
	mend: (number) => `Mend the faulty ${number === 1 ? "row" : "rows"}, or skip ${number === 1 ? "it" : "them"}.`,
	/** @type {(number: number) => string} */
	mendFirst: (number) => `Mend the faulty ${number === 1 ? "row" : "rows"} first.`,
	allFaulty: "Every row is faulty.",
	notReadable: "The table cannot be read as a whole; see what is wrong.",
	giveMaxCost: "Say what the batch may cost at most.",
	waitForCheck: "The table is being checked.",
	checkFirst: "The table has not been checked.",
	nothingQueued: "Nothing was queued.",
	wasMade: "This batch was made before, and the table has changed since: look at it under Batches. To make another one, queue again.",
	/** @type {(jobs: number) => string} */
	queued: (jobs) => `Batch queued: ${count(jobs, "job")}.`,
});
