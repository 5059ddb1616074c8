// What a user does with a job: cancel, retry, resolve, erase, copy. Destructive acts ask first and name the charges.

import { actingFor, caller, reasonWithout } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { confirm } from "../core/dialogs.js";
import { jobName, usd } from "../core/format.js";
import { announce, copyText, notify, reportProblem } from "../core/notices.js";
import { published } from "../core/published.js";
import { vocabulary } from "../core/vocabulary.js";
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
	return cost === null ? "price unknown" : `about ${usd(cost)}`;
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
		const body = [`${jobName(job)} will be stopped. This cannot be undone.`, job.paidText, job.billed === "yes" && "What WaveSpeed has started is still charged."];
		if (!(await confirm("Cancel this job?", body, "Cancel the job", { dismiss: "Back" }))) return;
		await this.take(this.api.delete("/api/jobs/{job_id}", idOf(job)), "The job was not cancelled.");
	}

	/** @param {Job} job */
	async retry(job) {
		if (!canRetry(job)) return;
		const body = [`A new job is created from the same request as ${jobName(job)} and charged separately: ${priceOf(job)}.`, job.paidText];
		if (await confirm("Retry this job?", body, "Retry", { tone: "primary" })) await this.retryNow(job, false);
	}

	/**
	 * @param {Job} job
	 * @param {boolean} force Even if an earlier submission may still be billed.
	 * @returns {Promise<void>}
	 */
	async retryNow(job, force) {
		try {
			const made = await this.api.post("/api/jobs/{job_id}/retry", { ...idOf(job), body: { force } });
			this.book.put(made);
			notify("Queued again.", { action: { label: "Open", run: () => (location.hash = `job=${made.jobId}`) } });
		} catch (thrown) {
			if (asProblem(thrown).code === "may_be_billed" && !force) await this.askForce(job);
			else reportProblem("The job was not retried.", thrown);
		}
	}

	/** @param {Job} job */
	async askForce(job) {
		const refusal = reasonWithout("jobs:resolve");
		if (refusal) {
			notify(`An earlier submission may still be billed. ${refusal}`, { tone: "bad" });
			return;
		}
		const body = ["Retrying now could pay twice for the same image or video.", "Retrying anyway is recorded in both jobs."];
		if (await confirm("An earlier submission may still be billed", body, "Retry anyway")) await this.retryNow(job, true);
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
		if (await this.take(decided, "The decision was not saved.")) notify("Decision saved.");
	}

	/**
	 * Save whether the result is kept; the same choice again removes it.
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
		const told = await this.take(this.api.put("/api/jobs/{job_id}/rating", { ...idOf(job), body }), "The rating was not saved.");
		if (told) announce(told.kept === null ? "Rating removed." : told.kept ? "Kept." : "Discarded.");
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
			"Its prompt, inputs, addresses, labels and results will be gone, here, at Temporal and at WaveSpeed. This cannot be undone.",
			"Its status, times and costs stay. Retries of it are jobs of their own.",
		];
		if (!(await confirm("Erase this job?", body, "Erase"))) return;
		const told = await this.take(this.api.post("/api/jobs/{job_id}/erase", idOf(job)), "The job was not erased.");
		if (told) notify("Erased.");
	}

	/** @param {Job} job */
	copyCurl(job) {
		return copyText(curlOf(job), "Command");
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
	const { model, input, priority, metadata } = job;
	const body = {
		model,
		input,
		prompt: (job.prompt ?? job.originalPrompt) || undefined,
		priority: priority === vocabulary.limits.priority.usual ? undefined : priority,
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
