// Shows AI Generate in place of the prompt box: waiting, writing, the two texts side by side, or the failure.

import { every, secondsSince } from "../core/clock.js";
import { button, byId, callout, el, fill, setText } from "../core/dom.js";
import { duration, usd } from "../core/format.js";
import { icon } from "../core/icons.js";
import { PromptRating } from "../jobs/rating.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { WRITING } from "../words/writing.js";
import { AiGenerate } from "./ai_generate.js";
import { aiStyles } from "./ai_styles.js";
import { rememberCost } from "./question_cost.js";
import { Variants } from "./variants.js";

/** @import { Api } from "../core/api.js" */
/** @import { Generate, PromptJob, Trouble } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { PromptBox } from "./prompt_box.js" */

export class AiView {
	styled = aiStyles;
	place = byId("ai-state");
	box = byId("prompt");
	/** @type {string | null} The phase that is shown. */
	phase = null;
	sentence = el("p.ai-sentence");
	detail = el("p.quiet");
	/** @type {HTMLElement | null} The user's own text, beside Grok's. */
	mine = null;
	/** @type {Variants | null} */
	variants = null;

	/**
	 * @param {object} parts
	 * @param {HTMLElement} parts.button The button that starts it.
	 * @param {Api} parts.api
	 * @param {FormState} parts.state
	 * @param {PromptBox} parts.box
	 */
	constructor({ button, api, state, box }) {
		this.button = button;
		this.api = api;
		this.state = state;
		this.generate = new AiGenerate({ api, state, box });
		every(1, () => this.showProgress());
	}

	/** Show the phase; it is built once, and its progress is updated in place. */
	show() {
		const { now } = this.generate;
		const done = now?.phase === "done";
		const { activeElement } = document;
		const phase = now ? `${now.phase}:${now.key}` : null;
		byId("prompt-frame").dataset.phase = now?.phase ?? "idle";
		if (phase !== this.phase) {
			const focused = activeElement === this.button || this.place.contains(activeElement) || (done && activeElement === document.body);
			this.phase = phase;
			this.place.hidden = now === null;
			// Do not interrupt typing: a key meant for the text must not press a button.
			this.box.hidden = done && activeElement !== this.box;
			fill(this.place, ...(now ? this.build(now) : []));
			if (focused) (this.place.querySelector("button") ?? this.box).focus({ preventScroll: true });
		}
		if (this.mine) setText(this.mine, this.state.get("prompt").trim());
		this.variants?.show(this.state.get("prompt").trim());
		this.showProgress();
	}

	/** @param {Generate} now */
	build(now) {
		this.mine = null;
		this.variants = null;
		if (now.phase === "done") return this.buildDone(now.job);
		if (now.phase === "failed") return this.buildFailed(now.problem);
		return [
			el(
				"div.ai-progress",
				el("span.ai-pulse", { "aria-hidden": "true" }, icon("sparkle")),
				el("div.grow", this.sentence, this.detail),
				button("is-small", () => this.generate.cancel(), CORE.cancel),
			),
		];
	}

	showProgress() {
		const { now } = this.generate;
		if (now?.phase !== "asking" && now?.phase !== "running") return;
		const { job } = now;
		const writing = job && job.status !== "queued";
		setText(this.sentence, writing ? WRITING.grokWriting(duration(Math.floor(secondsSince(job.startedAt ?? job.createdAt)))) : (job?.statusText ?? WRITING.waitingGrok));
		setText(this.detail, writing && job.wait.for ? job.statusText : WRITING.keepTyping);
	}

	/** @param {PromptJob} job */
	buildDone(job) {
		const mine = this.state.get("prompt").trim();
		rememberCost(job.promptCostUsd);
		const cost = [job.grokModel, job.promptCostUsd ? usd(job.promptCostUsd) : null].filter(Boolean).join(" · ");
		if (mine) this.mine = el("p.prose", { tabindex: "0" }, mine);
		this.variants = new Variants({ job, mine, take: (variant) => this.generate.use(variant) });
		const one = this.variants.cards.length === 1;
		return [
			el("div.compare", this.mine && el("section", { "aria-label": WRITING.yourText }, el("h3.label", COMMON.yours), this.mine), ...this.variants.cards),
			...this.variants.notes,
			el(
				"div.ai-answers",
				one && button("primary.is-small", () => this.generate.use(), WRITING.useIt),
				button("is-small", () => this.generate.keep(), mine ? WRITING.keepMine : WRITING.discard),
				one && button("is-small", () => this.edit(), COMMON.edit),
				button("is-small", () => this.generate.again(), COMMON.tryAgain),
				this.variants.toggle,
				new PromptRating(this.api, job).element,
				el("span.quiet", cost),
			),
		];
	}

	/** @param {Trouble} problem */
	buildFailed({ message, hint }) {
		return [
			callout("bad", icon("warning"), el("p.callout-title", WRITING.failed), el("p", message), hint && el("p.quiet", hint)),
			el("div.ai-answers", button("primary.is-small", () => this.generate.again(), COMMON.tryAgain), button("is-small", () => this.generate.keep(), WRITING.writeMyself)),
		];
	}

	edit() {
		this.generate.use();
		const { area } = this.generate.box;
		area.setSelectionRange(area.value.length, area.value.length);
		area.focus();
	}
}
