// AI Generate: one prompt job from acceptance to the user's decision. Its state is part of the form's, so it survives a reload.

import { asProblem, newKey } from "../core/api.js";
import { announce, noteFinished, reportProblem } from "../core/notices.js";
import { WRITING } from "../words/writing.js";
import { questionBody } from "./form_bodies.js";

/** @import { Api } from "../core/api.js" */
/** @import { EnqueuePrompt, PromptJob, Trouble } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { PromptBox } from "./prompt_box.js" */

const POLL_SECONDS = 1;
const HIDDEN_POLL_SECONDS = 3;

/** Requests a prompt from Grok and polls for it. Never changes the prompt's text on its own. */
export class AiGenerate {
	/** @type {string | null} The prompt job that is being polled. */
	following = null;

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {FormState} parts.state
	 * @param {PromptBox} parts.box
	 */
	constructor({ api, state, box }) {
		this.api = api;
		this.state = state;
		this.box = box;
	}

	/** What is in progress, or null. */
	get now() {
		return this.state.get("generate");
	}

	resume() {
		const { now } = this;
		if (now?.phase === "asking") this.ask(now.key, now.body);
		else if (now?.phase === "running") this.follow(now.id);
	}

	/** @param {EnqueuePrompt} [body] What is asked; without it, for the form's prompt. */
	start(body = questionBody(this.state.values)) {
		const key = newKey();
		this.state.set({ generate: { phase: "asking", key, body } });
		return this.ask(key, body);
	}

	/** Ask once more: a description is of the same picture, a prompt is for the form as it is now. */
	again() {
		const body = this.now?.body;
		return this.start(body?.operation === "describe" ? body : undefined);
	}

	/**
	 * @param {string} key
	 * @param {EnqueuePrompt} body
	 */
	async ask(key, body) {
		try {
			const job = await this.api.post("/api/prompt/queue", { body, key });
			if (this.now?.key !== key) {
				// Cancelled while the request was in flight.
				await this.deleteJob(job.promptJobId);
				return;
			}
			this.state.set({ generate: { phase: "running", key, id: job.promptJobId, job, body } });
			await this.follow(job.promptJobId);
		} catch (thrown) {
			const problem = asProblem(thrown);
			if (this.now?.key === key) this.fail(key, undefined, { message: problem.errors.map(({ message }) => message).join(" ") || problem.sentence, hint: problem.passing ? WRITING.nothingLost : null });
		}
	}

	/** @param {string} id */
	async follow(id) {
		if (this.following === id) return;
		this.following = id;
		while (this.now?.phase === "running" && this.now.id === id) {
			try {
				this.take(id, await this.api.get("/api/prompt/queue/{prompt_job_id}", { params: { prompt_job_id: id } }));
			} catch (thrown) {
				// Otherwise the server is unavailable; the prompt job proceeds without us.
				if (asProblem(thrown).status === 404 && this.now?.id === id) this.fail(this.now.key, id, { message: WRITING.deleted });
			}
			await sleep(document.hidden ? HIDDEN_POLL_SECONDS : POLL_SECONDS);
		}
		this.following = null;
	}

	/**
	 * @param {string} id
	 * @param {PromptJob} job
	 */
	take(id, job) {
		const { now } = this;
		if (now?.phase !== "running" || now.id !== id) return;
		if (job.status === "completed") {
			this.state.set({ generate: { ...now, phase: "done", job } });
			announce(WRITING.readyNote);
			noteFinished(WRITING.ready);
		} else if (job.status === "failed" || job.status === "cancelled") {
			this.fail(now.key, id, job.error ?? { message: job.statusText });
		} else {
			this.state.set({ generate: { ...now, job } });
		}
	}

	/**
	 * @param {string} key
	 * @param {string | undefined} id
	 * @param {Trouble} problem
	 */
	fail(key, id, problem) {
		this.state.set({ generate: { phase: "failed", key, id, body: this.now?.body, problem } });
		announce(WRITING.failedBecause(problem.message));
		noteFinished(WRITING.failedTitle);
	}

	async cancel() {
		const id = this.now?.id;
		this.state.set({ generate: null });
		announce(WRITING.cancelled);
		if (!id) return;
		try {
			await this.deleteJob(id);
		} catch (problem) {
			reportProblem(WRITING.notCancelled, problem);
		}
	}

	/**
	 * Move a written prompt into the prompt box.
	 *
	 * @param {number} variant
	 */
	use(variant = 0) {
		const { now } = this;
		if (now?.phase !== "done") return;
		// Not there while an API of the release before answers.
		const { prompt: text, negativePrompt } = now.job.variants?.[variant] ?? { prompt: now.job.generatedPrompt ?? "" };
		this.state.set({ generate: null });
		this.box.replace(text, { id: now.id, text, ...(variant ? { variant } : {}) }, negativePrompt);
	}

	/** Leave the prompt box unchanged. */
	keep() {
		this.state.set({ generate: null });
	}

	/** @param {string} id */
	deleteJob(id) {
		return this.api.delete("/api/prompt/queue/{prompt_job_id}", { params: { prompt_job_id: id } });
	}
}

/** @param {number} seconds */
function sleep(seconds) {
	return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
