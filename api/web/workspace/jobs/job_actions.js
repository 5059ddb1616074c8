// What a user does with a job: cancel, retry, resolve, erase, copy. Destructive acts ask first and name the charges.

import { actingFor, caller, reasonWithout } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { confirm } from "../core/dialogs.js";
import { jobName, usd } from "../core/format.js";
import { announce, copyText, notify, reportProblem } from "../core/notices.js";
import { published } from "../core/published.js";
import { vocabulary } from "../core/vocabulary.js";
import { JOB_ACTS } from "../words/acts.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { canCancel, canErase, canRetry } from "./statuses.js";

/** @import { Api } from "../core/api.js" */
/** @import { Job, ResolveJob } from "../../types/page.js" */
/** @import { JobBook } from "./job_book.js" */

/**
 * Return what one more submission of this job would cost; null if unknown. A refund says nothing of it.
 *
 * @param {Job} job
 */
export function costAgain(job) {
	return job.billed === "refunded" ? null : job.mediaCostUsd;
}

/**
 * Return the price of one more submission of this job, as far as known.
 *
 * @param {Job} job
 */
export function priceOf(job) {
	const cost = costAgain(job);
	return cost === null ? JOB_ACTS.priceUnknown : JOB_ACTS.about(usd(cost));
}

export class JobActions {
	/**
	 * @param {Api} api
	 * @param {JobBook} book
	 */
	constructor(api, book) {
		this.api = api;
		this.book = book;
	}

	/** @param {Job} job */
	async cancel(job) {
		if (!canCancel(job)) return;
		const body = [JOB_ACTS.willStop(jobName(job)), job.paidText, job.billed === "yes" && JOB_ACTS.stillCharged];
		if (!(await confirm(JOB_ACTS.cancelQuestion, body, COMMON.cancelJob, { dismiss: JOB_ACTS.back }))) return;
		await this.take(this.api.delete("/api/jobs/{job_id}", idOf(job)), JOB_ACTS.notCancelled);
	}

	/** @param {Job} job */
	async retry(job) {
		if (!canRetry(job)) return;
		const body = [JOB_ACTS.retryOne(jobName(job), priceOf(job)), job.paidText];
		if (await confirm(JOB_ACTS.retryQuestion, body, CORE.retry, { tone: "primary" })) await this.retryNow(job, false);
	}

	/**
	 * @param {Job} job
	 * @param {boolean} force Even if an earlier submission may still be billed.
	 * @returns {Promise<void>}
	 */
	async retryNow(job, force) {
		try {
			const made = await this.api.post("/api/jobs/{job_id}/retry", { ...idOf(job), body: { force } });
			this.book.add(made);
			notify(JOB_ACTS.didQueueAgain, { action: { label: CORE.open, run: () => (location.hash = `job=${made.jobId}`) } });
		} catch (thrown) {
			if (asProblem(thrown).code === "may_be_billed" && !force) await this.askForce(job);
			else reportProblem(JOB_ACTS.notRetried, thrown);
		}
	}

	/** @param {Job} job */
	async askForce(job) {
		const refusal = reasonWithout("jobs:resolve");
		if (refusal) {
			notify(JOB_ACTS.mayBeBilledBecause(refusal), { tone: "bad" });
			return;
		}
		const body = [JOB_ACTS.couldPayTwice, JOB_ACTS.anywayRecorded];
		if (await confirm(JOB_ACTS.mayBeBilled, body, JOB_ACTS.retryAnyway)) await this.retryNow(job, true);
	}

	/**
	 * Resolve an unclear submission.
	 *
	 * @param {Job} job
	 * @param {ResolveJob} body
	 * @param {{ title: string, text: string[], yes: string, tone?: "primary" | "danger" }} asked The confirmation.
	 */
	async resolve(job, body, { title, text, yes, tone }) {
		if (!(await confirm(title, text, yes, { tone }))) return;
		const decided = this.api.post("/api/jobs/{job_id}/resolve", { ...idOf(job), body });
		if (await this.take(decided, JOB_ACTS.decisionNotSaved)) notify(JOB_ACTS.decisionSaved);
	}

	/**
	 * Save whether somebody likes the result; the same choice again removes it.
	 *
	 * @param {Job} job
	 * @param {boolean} kept
	 */
	async keep(job, kept) {
		if (!job.outputs.length) return;
		const refusal = reasonWithout("jobs:write");
		if (refusal) {
			announce(refusal);
			return;
		}
		const body = { kept: job.kept === kept ? null : kept };
		const told = await this.take(this.api.put("/api/jobs/{job_id}/rating", { ...idOf(job), body }), JOB_ACTS.ratingNotSaved);
		if (told) announce(told.kept === null ? JOB_ACTS.ratingRemoved : told.kept ? JOB_ACTS.liked : JOB_ACTS.disliked);
	}

	/**
	 * Store the job that the server returns; report a refusal and return null.
	 *
	 * @param {Promise<Job>} answer
	 * @param {string} refused
	 */
	async take(answer, refused) {
		try {
			const job = await answer;
			this.book.put(job);
			return job;
		} catch (problem) {
			reportProblem(refused, problem);
			return null;
		}
	}

	/** @param {Job} job */
	async erase(job) {
		if (!canErase(job)) return;
		const body = [
			JOB_ACTS.eraseGone,
			JOB_ACTS.eraseStays,
		];
		if (!(await confirm(JOB_ACTS.eraseQuestion, body, CORE.erase))) return;
		const told = await this.take(this.api.post("/api/jobs/{job_id}/erase", idOf(job)), JOB_ACTS.notErased);
		if (told) notify(JOB_ACTS.erased);
	}

	/** @param {Job} job */
	copyCurl(job) {
		return copyText(curlOf(job), JOB_ACTS.command);
	}
}

/** @param {Job} job */
function idOf(job) {
	return { params: { job_id: job.jobId } };
}

/**
 * Return the request for one more such job; the key is left to the shell, whose `$PROMPTMILL_KEY` it is.
 *
 * @param {Job} job
 */
export function curlOf(job) {
	const { model, input, priority, maxPriceUsd, metadata } = job;
	const body = {
		model,
		input,
		prompt: (job.prompt ?? job.originalPrompt) || undefined,
		priority: priority === vocabulary.limits.priority.usual ? undefined : priority,
		maxPriceUsd: maxPriceUsd ?? undefined,
		metadata: Object.keys(metadata).length ? metadata : undefined,
	};
	const json = JSON.stringify(body).replaceAll("'", "'\\''");
	const owner = actingFor();
	const headers = [
		"-H 'Content-Type: application/json'",
		caller()?.signInRequired && '-H "Authorization: Bearer $PROMPTMILL_KEY"',
		owner && `-H 'Promptmill-Owner: ${owner}'`,
	];
	return `curl -sS ${location.origin}${published("/api/jobs/create")} ${headers.filter(Boolean).join(" ")} -d '${json}'`;
}
