// What a person does with a job: cancel, retry, decide, copy. Destructive acts ask first and name what is paid.

import { Problem } from "./api.js";
import { ask } from "./dialogs.js";
import { curlOf, jobName, usd } from "./format.js";
import { copyText, notify, tellProblem } from "./notices.js";
import { canCancel, canRetry } from "./statuses.js";

/** Return in a sentence what a job has cost so far. */
export function paidSentence(job) {
	const parts = [];
	if (job.billed === "yes") parts.push(`WaveSpeed ${usd(job.mediaCostUsd)}`);
	if (job.promptCostUsd) parts.push(`Grok ${usd(job.promptCostUsd)}`);
	if (job.billed === "unknown") return `Whether WaveSpeed bills it is not known${parts.length ? `; already paid: ${parts.join(", ")}` : ""}.`;
	return parts.length ? `Already paid: ${parts.join(", ")}.` : "Nothing is paid so far.";
}

/** The acts on one job. */
export class JobActions {
	constructor(api, book) {
		Object.assign(this, { api, book });
	}

	/** Cancel after asking. */
	async cancel(job) {
		if (!canCancel(job)) return;
		const answer = await ask({
			title: "Cancel this job?",
			body: [`${jobName(job)} stops and cannot go on.`, paidSentence(job), job.billed === "yes" ? "What WaveSpeed has begun stays billed." : ""].filter(Boolean),
			answers: [
				{ id: "keep", label: "Keep it" },
				{ id: "cancel", label: "Cancel the job", tone: "danger" },
			],
		});
		if (answer !== "cancel") return;
		try {
			this.book.put(await this.api.delete(`/api/jobs/${job.jobId}`));
		} catch (problem) {
			tellProblem("The job was not cancelled.", problem);
		}
	}

	/** Retry: a new job from the same request, which is paid again. */
	async retry(job) {
		if (!canRetry(job)) return;
		const quoted = job.mediaCostUsd === null ? "its price is not known" : `about ${usd(job.mediaCostUsd)}`;
		const answer = await ask({
			title: "Retry this job?",
			body: [`A new job is made from the same request as ${jobName(job)} and paid by itself: ${quoted}.`, paidSentence(job)],
			answers: [
				{ id: "retry", label: "Retry", tone: "primary" },
				{ id: "no", label: "Do nothing" },
			],
		});
		if (answer === "retry") await this.retryNow(job, false);
	}

	async retryNow(job, force) {
		try {
			const made = await this.api.post(`/api/jobs/${job.jobId}/retry`, force ? { force: true } : {});
			this.book.put(made);
			notify("Queued again.", { action: { label: "Open it", run: () => (location.hash = `job=${made.jobId}`) } });
			return made;
		} catch (problem) {
			if (problem instanceof Problem && problem.code === "may_be_billed" && !force) return this.askForce(job);
			tellProblem("The job was not retried.", problem);
			return null;
		}
	}

	async askForce(job) {
		const answer = await ask({
			title: "An earlier submission may still be billed",
			body: ["A retry now could pay twice for the same picture or video.", "Retrying all the same is recorded in both jobs."],
			answers: [
				{ id: "no", label: "Do nothing" },
				{ id: "force", label: "Retry all the same", tone: "danger" },
			],
		});
		return answer === "force" ? this.retryNow(job, true) : null;
	}

	/** Decide on an unclear submission after asking. */
	async resolve(job, decision, predictionId = null) {
		const text = DECISIONS[decision](job, predictionId);
		const answer = await ask({
			title: text.title,
			body: text.body,
			answers: [
				{ id: "no", label: "Not now" },
				{ id: "yes", label: text.label, tone: decision === "adopt" ? "primary" : "danger" },
			],
		});
		if (answer !== "yes") return;
		try {
			const body = predictionId ? { decision, predictionId } : { decision };
			this.book.put(await this.api.post(`/api/jobs/${job.jobId}/resolve`, body));
			notify(text.done);
		} catch (problem) {
			tellProblem("The decision was not taken.", problem);
		}
	}

	copyCurl(job) {
		return copyText(curlOf(job), "The command is");
	}
}

const DECISIONS = {
	adopt: (_, predictionId) => ({
		title: "Adopt this prediction?",
		body: [`Prediction ${predictionId} becomes this job's. Nothing is paid by that; its outputs are collected.`],
		label: "Adopt it",
		done: "The prediction belongs to the job now.",
	}),
	resubmit: (job) => ({
		title: "Submit again?",
		body: [
			`One more submission is made and paid: ${job.mediaCostUsd === null ? "its price is not known" : `about ${usd(job.mediaCostUsd)}`}.`,
			"If WaveSpeed did take the first one, you pay twice.",
		],
		label: "Submit again",
		done: "It is submitted again.",
	}),
	abandon: () => ({
		title: "Give the job up?",
		body: ["The job fails. If WaveSpeed did take it, it stays billed; media that is found later is attached."],
		label: "Give it up",
		done: "The job is given up.",
	}),
};
