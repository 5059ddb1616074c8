// Acts on many jobs, after a confirmation that names their number and cost.

import { asProblem } from "../core/api.js";
import { confirm } from "../core/dialogs.js";
import { usd } from "../core/format.js";
import { lazy } from "../core/lazy.js";
import { announce, notify, reportProblem } from "../core/notices.js";
import { published } from "../core/published.js";
import { JOB_ACTS } from "../words/acts.js";
import { CORE } from "../words/core.js";
import { costAgain } from "./job_actions.js";

/** @import { Api, Problem } from "../core/api.js" */
/** @import { Job } from "../../types/page.js" */
/** @import { BulkAct, Source } from "./bulk.js" */
/** @import { JobBook } from "./job_book.js" */

const tags = lazy(() => import("../kept/tags.js"));

const MAX_JOBS = 1000;
const AT_ONCE = 4;
/** As many as one archive takes. */
const ARCHIVED = 100;

/** @type {Record<Exclude<BulkAct, "download" | "tag">, { done: string, dismiss: string, tone: "danger" | "primary", run: (api: Api, job: Job) => Promise<Job>, cost: ((jobs: Job[]) => string) | null }>} */
const ACTS = {
	cancel: {
		done: JOB_ACTS.cancelled,
		dismiss: JOB_ACTS.back,
		tone: "danger",
		run: (api, job) => api.delete("/api/jobs/{job_id}", { params: { job_id: job.jobId } }),
		cost: paid,
	},
	retry: {
		done: JOB_ACTS.queuedAgain,
		dismiss: CORE.cancel,
		tone: "danger",
		run: (api, job) => api.post("/api/jobs/{job_id}/retry", { params: { job_id: job.jobId } }),
		cost: price,
	},
	like: {
		done: JOB_ACTS.likedThem,
		dismiss: CORE.cancel,
		tone: "primary",
		run: (api, job) => api.put("/api/jobs/{job_id}/rating", { params: { job_id: job.jobId }, body: { kept: true } }),
		// It costs nothing, and is undone as easily.
		cost: null,
	},
};

/**
 * Ask for confirmation, then act on every job of the source that fits: without more of them, the ones that the button counted.
 *
 * @param {BulkAct} name
 * @param {{ verb: string, fits: (job: Job) => boolean }} offered
 * @param {Source} source
 * @param {Api} api
 * @param {JobBook} book
 */
export async function actOnAll(name, { verb, fits }, source, api, book) {
	const max = name === "download" ? ARCHIVED : MAX_JOBS;
	const jobs = source.more() ? await source.readAll(fits, max) : source.jobs().filter(fits).slice(0, max);
	if (!jobs.length) return;
	const what = JOB_ACTS.what(verb, jobs.length);
	const about = `${source.words()}${jobs.length === max ? JOB_ACTS.onlyNewestIncluded(max) : ""}`;
	if (name === "tag") return (await tags())?.askTags(jobs, about);
	if (name === "download") {
		const body = [about, JOB_ACTS.archive];
		if (await confirm(`${what}?`, body, what, { tone: "primary" })) location.assign(archiveOf(jobs));
		return;
	}
	const { cost, dismiss, done, run, tone } = ACTS[name];
	if (cost && !(await confirm(`${what}?`, [about, cost(jobs)], what, { dismiss, tone }))) return;
	announce(JOB_ACTS.started(verb, jobs.length));
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
	notify(JOB_ACTS.did(jobs.length - refused.length - waiting.length, done));
	if (refused.length) reportProblem(JOB_ACTS.refused(refused.length), refused[0]);
}

/** @param {Job[]} jobs */
function archiveOf(jobs) {
	return `${published("/api/outputs/archive")}?${new URLSearchParams(jobs.map(({ jobId }) => ["jobId", jobId]))}`;
}

/** @param {Job[]} jobs */
function paid(jobs) {
	const billed = jobs.filter((job) => job.billed === "yes");
	if (!billed.length) return JOB_ACTS.nothingCharged;
	return JOB_ACTS.charged(billed.length, sum(billed));
}

/** @param {Job[]} jobs */
function price(jobs) {
	return JOB_ACTS.retryAll(sum(jobs));
}

/** @param {Job[]} jobs */
function sum(jobs) {
	const known = jobs.flatMap((job) => costAgain(job) ?? []);
	const total = known.reduce((value, cost) => value + cost, 0);
	const unknown = jobs.length - known.length;
	if (!known.length) return JOB_ACTS.priceUnknown;
	return unknown ? JOB_ACTS.aboutAndUnknown(usd(total), unknown) : JOB_ACTS.about(usd(total));
}
