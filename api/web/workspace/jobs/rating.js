// Rating of a written prompt: thumb up or down, with an optional reason. Saved at once; the same thumb again removes it.

import { reasonWithout } from "../core/access.js";
import { button, el, on, setAttribute, showAllowed } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce, reportProblem } from "../core/notices.js";
import { vocabulary } from "../core/vocabulary.js";
import { JOB_ACTS } from "../words/acts.js";
import { COMMON } from "../words/common.js";

/** @import { Api } from "../core/api.js" */
/** @import { PromptJob } from "../../types/page.js" */

/** @typedef {"up" | "down"} Word */

/** @type {Record<Word, { label: string, key: string }>} */
const WORDS = { up: { label: COMMON.goodPrompt, key: "+" }, down: { label: COMMON.badPrompt, key: "-" } };

/** The thumbs of one prompt job. */
export class PromptRating {
	saved = Promise.resolve();

	/**
	 * @param {Api} api
	 * @param {PromptJob} promptJob
	 */
	constructor(api, promptJob) {
		this.api = api;
		this.job = promptJob;
		this.thumbs = [this.thumb("up"), this.thumb("down")];
		const attributes = { "aria-label": JOB_ACTS.why, placeholder: JOB_ACTS.whyOptional, maxlength: vocabulary.limits.ratingReasonCharacters, autocomplete: "off" };
		this.reason = el("input.input", attributes);
		on(this.reason, "change", () => this.job.rating && this.rate(/** @type {Word} */ (this.job.rating)));
		this.element = el("div.rating", ...this.thumbs, this.reason);
		this.show();
	}

	/** @param {Word} word */
	thumb(word) {
		const { label, key } = WORDS[word];
		const rate = () => this.rate(this.job.rating === word ? null : word);
		const thumb = button(".icon-button", rate, { "data-rate": word, "aria-label": label }, icon("thumb"));
		showAllowed(thumb, reasonWithout("jobs:write"), `${label} (${key})`);
		return thumb;
	}

	show() {
		const { rating, ratingReason } = this.job;
		for (const thumb of this.thumbs) setAttribute(thumb, "aria-pressed", thumb.dataset.rate === rating);
		this.reason.hidden = !rating;
		this.reason.readOnly = reasonWithout("jobs:write") !== null;
		if (document.activeElement !== this.reason) this.reason.value = ratingReason ?? "";
	}

	/**
	 * Save one after the other, so that the last one wins.
	 *
	 * @param {Word | null} rating
	 */
	rate(rating) {
		const refusal = reasonWithout("jobs:write");
		if (refusal) {
			announce(refusal);
			return;
		}
		this.saved = this.saved.then(() => this.save(rating));
	}

	/** @param {Word | null} rating */
	async save(rating) {
		try {
			const reason = (rating && this.reason.value.trim()) || undefined;
			const call = { params: { prompt_job_id: this.job.promptJobId }, body: { rating, reason } };
			Object.assign(this.job, await this.api.put("/api/prompt/queue/{prompt_job_id}/rating", call));
			announce(rating ? JOB_ACTS.rated(WORDS[rating].label) : JOB_ACTS.ratingRemoved);
		} catch (problem) {
			reportProblem(JOB_ACTS.ratingNotSaved, problem);
		}
		this.show();
	}
}

/**
 * Rate the visible prompt, from a shortcut.
 *
 * @param {Word} word
 */
export function rateShown(word) {
	/** @type {NodeListOf<HTMLElement>} */
	const thumbs = document.querySelectorAll(`[data-rate=${word}]`);
	[...thumbs].filter((thumb) => thumb.offsetParent).at(-1)?.click();
}
