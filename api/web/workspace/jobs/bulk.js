// Acts on many jobs, all that the filter shows or the selected ones: the buttons. `bulk_acts.js` asks, and does it.

import { actingFor, may } from "../core/access.js";
import { button, byId, setText } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { reportProblem } from "../core/notices.js";
import { JOB_ACTS } from "../words/acts.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { wordsOf } from "./filter_words.js";
import { canCancel, canRetry, isErased, isFinal } from "./statuses.js";

/** @import { Api } from "../core/api.js" */
/** @import { Job } from "../../types/page.js" */
/** @import { JobBook } from "./job_book.js" */

const bulkActs = lazy(() => import("./bulk_acts.js"));

/** @typedef {"cancel" | "retry" | "like" | "tag" | "download"} BulkAct */

/**
 * @typedef {object} Source The jobs to act on.
 * @property {() => Job[]} jobs Those that are here.
 * @property {() => boolean} more Whether the server has more of them.
 * @property {(wanted: (job: Job) => boolean, max: number) => Promise<Job[]>} readAll Reads these as well.
 * @property {() => string} words What they are.
 * @property {() => "all" | "found" | "selected"} scope How they were chosen: nobody retries everything by accident.
 */

/** @type {Record<BulkAct, { verb: string, fits: (job: Job) => boolean, scopes: string[] }>} */
const OFFERED = {
	cancel: { verb: CORE.cancel, fits: canCancel, scopes: ["all", "found", "selected"] },
	retry: { verb: CORE.retry, fits: (job) => canRetry(job) && isFinal(job) && job.status !== "completed", scopes: ["found", "selected"] },
	like: { verb: COMMON.like, fits: (job) => may("jobs:write") && job.outputs.length > 0 && !job.kept && !isErased(job), scopes: ["selected"] },
	tag: { verb: CORE.tag, fits: (job) => may("jobs:write") && !isErased(job), scopes: ["found", "selected"] },
	// A link cannot name the owner that an admin acts for.
	download: { verb: COMMON.download, fits: (job) => !actingFor() && job.outputs.some(({ stored }) => stored?.state === "stored"), scopes: ["found", "selected"] },
};
const NAMES = /** @type {BulkAct[]} */ (Object.keys(OFFERED));

/**
 * Return the jobs that are selected, to act on.
 *
 * @param {() => Job[]} jobs
 * @param {string} words
 * @returns {Source}
 */
export function selected(jobs, words) {
	return { jobs, more: () => false, readAll: async () => [], words: () => words, scope: () => "selected" };
}

/**
 * Offer the acts on all jobs that the filter shows.
 *
 * @param {Api} api
 * @param {JobBook} book
 */
export function offerBulk(api, book) {
	/** @type {Source} */
	const source = {
		jobs: () => book.shown(),
		more: () => book.cursor !== null,
		readAll: (wanted, max) => book.readAll(wanted, max),
		words: () => JOB_ACTS.filterShows(wordsOf(book.filter)),
		scope: () => (book.filtered ? "found" : "all"),
	};
	const bulk = new Bulk({ api, book, source });
	byId("bulk").append(...bulk.buttons);
	book.listen("list", () => bulk.show());
	bulk.show();
}

export class Bulk {
	busy = false;

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {JobBook} parts.book
	 * @param {Source} parts.source
	 */
	constructor({ api, book, source }) {
		this.api = api;
		this.book = book;
		this.source = source;
		this.buttons = NAMES.map((name) => button("is-small", () => this.start(name), { hidden: true }));
	}

	show() {
		const jobs = this.source.jobs();
		const scope = this.source.scope();
		for (const [place, name] of NAMES.entries()) {
			const { verb, fits, scopes } = OFFERED[name];
			const number = jobs.filter(fits).length;
			this.buttons[place].hidden = number === 0 || !scopes.includes(scope);
			// Where there are more jobs than were read, nobody knows their number yet: the question names it.
			setText(this.buttons[place], `${verb} ${this.source.more() ? JOB_ACTS.all : number}${name === "like" ? "" : "…"}`);
		}
	}

	/** @param {BulkAct} name */
	async start(name) {
		if (this.busy) return;
		// Not disabled: a disabled button loses the focus, which returns to it from the dialog.
		this.busy = true;
		try {
			const acts = await bulkActs();
			await acts?.actOnAll(name, OFFERED[name], this.source, this.api, this.book);
		} catch (problem) {
			reportProblem(JOB_ACTS.jobsCouldNotLoaded, problem);
		} finally {
			this.busy = false;
		}
	}
}
