// Cancels or retries many jobs, after a confirmation that names their number and cost.

import { asProblem } from "../core/api.js";
import { confirm } from "../core/dialogs.js";
import { count, usd } from "../core/format.js";
import { announce, notify, reportProblem } from "../core/notices.js";
import { costAgain } from "./job_actions.js";
import { groupOf } from "./statuses.js";

/** @import { Api, Problem } from "../core/api.js" */
/** @import { Job } from "../../types/page.js" */
/** @import { BulkAct } from "./bulk.js" */
/** @import { JobBook } from "./job_book.js" */

const MAX_JOBS = 1000;
const AT_ONCE = 4;

/** @type {Record<BulkAct, { done: string, dismiss: string, run: (api: Api, job: Job) => Promise<Job>, cost: (jobs: Job[]) => string }>} */
const ACTS = {
	cancel: {
		done: "cancelled",
		dismiss: "Back",
		run: (api, job) => api.delete("/api/jobs/{job_id}", { params: { job_id: job.jobId } }),
		cost: paid,
	},
	retry: {
		done: "queued again",
		dismiss: "Cancel",
		run: (api, job) => api.post("/api/jobs/{job_id}/retry", { params: { job_id: job.jobId } }),
		cost: price,
	},
};

/**
 * Ask for confirmation, then act on every job of the filter that fits.
 *
 * @param {BulkAct} name
 * @param {{ verb: string, fits: (job: Job) => boolean }} offered
 * @param {Api} api
 * @param {JobBook} book
 */
export async function actOnAll(name, { verb, fits }, api, book) {
	const { cost, dismiss, done, run } = ACTS[name];
	const jobs = await book.readAll(fits, MAX_JOBS);
	if (!jobs.length || !(await ask(verb, dismiss, jobs, cost(jobs), book))) return;
	announce(`${verb}: ${count(jobs.length, "job")}.`);
	const waiting = [...jobs];
	/** @type {Problem[]} */
	const refused = [];
	const work = async () => {
		for (let job = waiting.shift(); job; job = waiting.shift()) {
			try {
				book.put(await run(api, job));
			} catch (thrown) {
				const problem = asProblem(thrown);
				refused.push(problem);
				// The server is unavailable: the remaining requests would fail too.
				if (problem.status === 0 || problem.status === 503) waiting.length = 0;
			}
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	notify(`${count(jobs.length - refused.length - waiting.length, "job")} ${done}.`);
	if (refused.length) reportProblem(`${count(refused.length, "job")} refused; the first because:`, refused[0]);
}

/**
 * @param {string} verb
 * @param {string} dismiss
 * @param {Job[]} jobs
 * @param {string} cost
 * @param {JobBook} book
 */
function ask(verb, dismiss, jobs, cost, book) {
	const where = [groupOf(book.group).name, book.search && `matching “${book.search}”`].filter(Boolean).join(", ");
	const more = jobs.length === MAX_JOBS ? ` Only the newest ${MAX_JOBS} are included.` : "";
	const what = `${verb} ${count(jobs.length, "job")}`;
	return confirm(`${what}?`, [`The filter shows: ${where}.${more}`, cost], what, { dismiss });
}

/** @param {Job[]} jobs */
function paid(jobs) {
	const billed = jobs.filter((job) => job.billed === "yes");
	if (!billed.length) return "Nothing has been charged for them so far.";
	return `${count(billed.length, "job")} of them ${billed.length === 1 ? "has" : "have"} been charged by WaveSpeed: ${sum(billed)}. That is not refunded.`;
}

/** @param {Job[]} jobs */
function price(jobs) {
	return `New jobs are created from the same requests and charged separately: ${sum(jobs)}. Jobs that may still be billed are skipped.`;
}

/** @param {Job[]} jobs */
function sum(jobs) {
	const known = jobs.flatMap((job) => costAgain(job) ?? []);
	const total = known.reduce((value, cost) => value + cost, 0);
	const unknown = jobs.length - known.length;
	if (!known.length) return "price unknown";
	return `about ${usd(total)}${unknown ? `, and ${count(unknown, "job")} with an unknown price` : ""}`;
}
