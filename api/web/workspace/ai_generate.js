// AI Generate: one prompt job from its acceptance to a person's decision. Its state is in the form's, so it survives a reload.
//
// state.generate: {phase: asking | running | done | failed, key, body, id, job, problem}; null: nothing is under way.

import { newKey } from "./api.js";
import { promptBody } from "./form_rules.js";
import { announce, noteFinished, tellProblem } from "./notices.js";

const POLL_SECONDS = 1;
const PATIENT_SECONDS = 3;

// Asks Grok for a prompt and follows it. Never touches the prompt's text by itself.
export class AiGenerate {
	constructor({ api, state, box }) {
		Object.assign(this, { api, state, box });
	}

	get now() {
		return this.state.get("generate");
	}

	resume() {
		if (this.now?.phase === "asking") this.ask();
		else if (this.now?.phase === "running") this.follow(this.now.id);
	}

	start() {
		this.state.set({ generate: { phase: "asking", key: newKey(), body: promptBody(this.state.values) } });
		return this.ask();
	}

	async ask() {
		const { key, body } = this.now;
		try {
			const job = await this.api.post("/api/prompt/queue", body, { key });
			// Cancelled while the answer was on its way.
			if (this.now?.key !== key) return await this.api.delete(`/api/prompt/queue/${job.promptJobId}`);
			this.state.set({ generate: { phase: "running", key, id: job.promptJobId, job } });
			return this.follow(job.promptJobId);
		} catch (problem) {
			if (this.now?.key === key) this.fail({ message: problem.sentence, hint: problem.passing ? "Nothing is lost: try again." : null });
			return undefined;
		}
	}

	async follow(id) {
		if (this.following === id) return;
		this.following = id;
		while (this.now?.id === id && this.now.phase === "running") {
			try {
				this.take(id, await this.api.get(`/api/prompt/queue/${id}`));
			} catch (problem) {
				if (problem.status === 404) this.fail({ message: "The prompt job is gone: it was deleted.", hint: null });
				// Otherwise the server is away; the prompt job goes on without us.
			}
			await pause(document.hidden ? PATIENT_SECONDS : POLL_SECONDS);
		}
		this.following = null;
	}

	take(id, job) {
		if (this.now?.id !== id) return;
		if (job.status === "completed") {
			this.state.set({ generate: { ...this.now, phase: "done", job } });
			announce("The prompt is written. Use it, keep yours, edit it, or try again.");
			noteFinished(job, "Prompt written");
		} else if (job.status === "failed" || job.status === "cancelled") {
			this.fail(job.error ?? { message: job.statusText, hint: null });
		} else {
			this.state.set({ generate: { ...this.now, job } });
		}
	}

	fail(problem) {
		this.state.set({ generate: { ...this.now, phase: "failed", problem } });
		announce(`No prompt was written. ${problem.message}`);
		noteFinished(null, "No prompt written");
	}

	async cancel() {
		const { id } = this.now ?? {};
		this.state.set({ generate: null });
		announce("Cancelled. Your text is as it was.");
		if (!id) return;
		try {
			await this.api.delete(`/api/prompt/queue/${id}`);
		} catch (problem) {
			tellProblem("The prompt job could not be cancelled; its prompt will not be used.", problem);
		}
	}

	use() {
		const { id, job } = this.now;
		this.state.set({ generate: null });
		this.box.replace(job.generatedPrompt, { id, text: job.generatedPrompt });
	}

	keep() {
		this.state.set({ generate: null });
	}
}

function pause(seconds) {
	return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
