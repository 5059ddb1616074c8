// What a person does with a job: cancel, retry, decide, copy. Destructive acts ask first and name what is paid.

import { confirm } from "./dialogs.js";
import { curlOf, jobName, usd } from "./format.js";
import { announce, copyText, notify, tellProblem } from "./notices.js";
import { canCancel, canRetry } from "./statuses.js";

// Return what one more submission of this job costs, as far as known.
export function priceOf(job) {
	return job.mediaCostUsd === null ? "its price is not known" : `about ${usd(job.mediaCostUsd)}`;
}

export class JobActions {
	constructor(api, book) {
		Object.assign(this, { api, book });
	}

	async cancel(job) {
		if (!canCancel(job)) return;
		const body = [`${jobName(job)} stops and cannot go on.`, job.paidText, job.billed === "yes" && "What WaveSpeed has begun stays billed."];
		if (await confirm("Cancel this job?", body, "Cancel the job", { no: "Keep it" })) await this.take(this.api.delete(`/api/jobs/${job.jobId}`), "The job was not cancelled.");
	}

	async retry(job) {
		if (!canRetry(job)) return;
		const body = [`A new job is made from the same request as ${jobName(job)} and paid by itself: ${priceOf(job)}.`, job.paidText];
		if (await confirm("Retry this job?", body, "Retry", { tone: "primary" })) await this.retryNow(job, false);
	}

	async retryNow(job, force) {
		try {
			const made = await this.api.post(`/api/jobs/${job.jobId}/retry`, force ? { force: true } : {});
			this.book.put(made);
			notify("Queued again.", { action: { label: "Open it", run: () => (location.hash = `job=${made.jobId}`) } });
			return made;
		} catch (problem) {
			if (problem.code === "may_be_billed" && !force) return this.askForce(job);
			tellProblem("The job was not retried.", problem);
			return null;
		}
	}

	async askForce(job) {
		const body = ["A retry now could pay twice for the same picture or video.", "Retrying all the same is recorded in both jobs."];
		const wanted = await confirm("An earlier submission may still be billed", body, "Retry all the same");
		return wanted ? this.retryNow(job, true) : null;
	}

	// Decide on an unclear submission. `body`: {decision, predictionId}; `asked`: what is asked before.
	async resolve(job, body, { title, text, yes, tone }) {
		if (!(await confirm(title, text, yes, { tone, no: "Not now" }))) return;
		if (await this.take(this.api.post(`/api/jobs/${job.jobId}/resolve`, body), "The decision was not taken.")) notify("Decided.");
	}

	// Note whether the result is kept; the same answer again takes it back.
	async keep(job, kept) {
		if (!job.outputs.length) return;
		const told = await this.take(this.api.put(`/api/jobs/${job.jobId}/rating`, { kept: job.kept === kept ? null : kept }), "It was not stored.");
		if (told) announce(told.kept === null ? "Neither kept nor discarded." : told.kept ? "Kept." : "Not kept.");
	}

	// Take the job that the server answers with; null where it refused, which is told.
	async take(answer, refused) {
		try {
			const job = await answer;
			this.book.put(job);
			return job;
		} catch (problem) {
			tellProblem(refused, problem);
			return null;
		}
	}

	copyCurl(job) {
		return copyText(curlOf(job), "The command is");
	}
}
