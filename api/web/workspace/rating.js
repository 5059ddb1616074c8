// What people think of a written prompt: thumb up or down, and why if they like. Stored at once; the same thumb again takes it back.

import { button, el, on, setAttribute } from "./dom.js";
import { icon } from "./icons.js";
import { announce, tellProblem } from "./notices.js";

const WORDS = { up: "Good prompt", down: "Bad prompt" };

// The thumbs of one prompt job.
export class PromptRating {
	constructor(api, promptJob) {
		Object.assign(this, { api, job: promptJob });
		this.thumbs = Object.keys(WORDS).map((word) =>
			button(".icon-button", () => this.rate(this.job.rating === word ? null : word), { "data-rate": word, title: `${WORDS[word]} (${word === "up" ? "+" : "-"})`, "aria-label": WORDS[word] }, icon("thumb")),
		);
		this.reason = el("input.input", { "aria-label": "Why?", placeholder: "Why? (optional)", maxlength: 500, autocomplete: "off" });
		on(this.reason, "change", () => this.job.rating && this.rate(this.job.rating));
		this.element = el("div.rating", ...this.thumbs, this.reason);
		this.show();
	}

	show() {
		const { rating, ratingReason } = this.job;
		for (const thumb of this.thumbs) setAttribute(thumb, "aria-pressed", thumb.dataset.rate === rating);
		this.reason.hidden = !rating;
		if (document.activeElement !== this.reason) this.reason.value = ratingReason ?? "";
	}

	// In turn: the last word counts.
	rate(rating) {
		this.saved = Promise.resolve(this.saved).then(() => this.save(rating));
	}

	async save(rating) {
		try {
			const reason = (rating && this.reason.value.trim()) || undefined;
			Object.assign(this.job, await this.api.put(`/api/prompt/queue/${this.job.promptJobId}/rating`, { rating, reason }));
			announce(rating ? `Rated: ${WORDS[rating]}.` : "The rating is taken back.");
		} catch (problem) {
			tellProblem("The rating was not stored.", problem);
		}
		this.show();
	}
}

export function rateShown(word) {
	const thumbs = [...document.querySelectorAll(`[data-rate=${word}]`)].filter((thumb) => thumb.offsetParent);
	thumbs.at(-1)?.click();
}
