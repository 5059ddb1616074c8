// Shows AI Generate in the prompt box's own place: waiting, writing, the two texts beside each other, or what happened.

import { everySecond, secondsSince } from "./clock.js";
import { button, byId, el, fill, setAttribute, setText } from "./dom.js";
import { reasonAgainstWriting } from "./form_rules.js";
import { duration, estimate, ordinal, usd } from "./format.js";
import { icon } from "./icons.js";

/** The view of one AiGenerate. */
export class AiView {
	constructor({ generate, state, situation }) {
		Object.assign(this, { generate, state, situation });
		this.button = byId("ai-generate");
		this.place = byId("ai-state");
		this.phase = null;
		this.button.addEventListener("click", () => this.press());
		state.addEventListener("change", () => this.show());
		everySecond(() => this.showProgress());
		this.show();
	}

	press() {
		const reason = reasonAgainstWriting(this.state.values, this.situation());
		if (reason) return setText(byId("ai-reason"), reason);
		return this.generate.start();
	}

	/** Show the phase; a phase is built once, its progress changes in place. */
	show() {
		const now = this.generate.now;
		const reason = reasonAgainstWriting(this.state.values, this.situation());
		this.button.hidden = now !== null || this.situation().aiPrompts === false;
		setAttribute(this.button, "aria-disabled", reason ? "true" : null);
		setAttribute(this.button, "title", reason ?? "Grok writes a prompt from your words, instructions and pictures");
		if (!reason || now) setText(byId("ai-reason"), "");
		const phase = now ? `${now.phase}:${now.key}` : null;
		byId("prompt-frame").dataset.phase = now?.phase ?? "idle";
		byId("prompt").hidden = now?.phase === "done";
		if (phase !== this.phase) {
			const focused = this.place.contains(document.activeElement) || document.activeElement === this.button;
			this.phase = phase;
			this.place.hidden = now === null;
			fill(this.place, now ? this.build(now) : []);
			if (focused || now?.phase === "done") this.place.querySelector("button")?.focus({ preventScroll: true });
		}
		this.showProgress();
	}

	build(now) {
		if (now.phase === "done") return this.buildDone(now);
		if (now.phase === "failed") return this.buildFailed(now);
		this.sentence = el("p", { class: "ai-sentence" });
		this.detail = el("p", { class: "quiet" });
		return [
			el("div", { class: "ai-progress" }, el("span", { class: "ai-pulse", "aria-hidden": "true" }, icon("sparkle")), el("div", { class: "grow" }, this.sentence, this.detail), action("Cancel", "is-small", () => this.generate.cancel())),
		];
	}

	showProgress() {
		const now = this.generate.now;
		if (now?.phase !== "asking" && now?.phase !== "running") return;
		const job = now.job;
		if (!job || job.status === "queued") {
			const { position, of, capped, stopped, stoppedReason } = job?.wait ?? {};
			const place = position ? `, ${ordinal(position)} of ${of}${capped ? " or more" : ""}` : "";
			setText(this.sentence, `Waiting for Grok${place}`);
			setText(this.detail, stopped ? `This queue is stopped${stoppedReason ? `: ${stoppedReason}` : ""}. It goes on when an operator lets it.` : estimate(job?.wait) || "It begins by itself.");
		} else {
			const since = job.startedAt ?? job.createdAt;
			setText(this.sentence, `Grok is writing, ${duration(Math.floor(secondsSince(since)))}`);
			const retry = job.wait?.for === "retry";
			setText(this.detail, retry ? job.statusText : estimate(job.wait) ? `${estimate(job.wait)} more` : "You can go on typing: nothing of yours is overwritten.");
		}
	}

	buildDone({ job }) {
		const mine = this.state.get("prompt").trim();
		const cost = [job.grokModel, job.promptCostUsd ? usd(job.promptCostUsd) : null].filter(Boolean).join(" · ");
		return [
			el(
				"div",
				{ class: mine ? "compare" : "compare is-single" },
				mine ? el("section", { "aria-label": "Your text" }, el("h3", { class: "label", text: "Yours" }), el("p", { class: "prose", tabindex: "0", text: mine })) : null,
				el("section", { class: "is-new", "aria-label": "Grok's text" }, el("h3", { class: "label" }, icon("sparkle"), "Grok’s"), el("p", { class: "prose", tabindex: "0", text: job.generatedPrompt })),
			),
			el(
				"div",
				{ class: "ai-answers" },
				action("Use it", "primary is-small", () => this.generate.use()),
				action(mine ? "Keep mine" : "Discard it", "is-small", () => this.generate.keep()),
				action("Edit", "is-small", () => this.edit()),
				action("Try again", "is-small", () => this.generate.start()),
				el("span", { class: "quiet", text: cost }),
			),
		];
	}

	buildFailed({ problem }) {
		return [
			el(
				"div",
				{ class: "callout", "data-tone": "bad" },
				icon("warning"),
				el("div", {}, el("p", { class: "callout-title", text: "No prompt was written." }), el("p", { text: problem.message }), problem.hint ? el("p", { class: "quiet", text: problem.hint }) : null),
			),
			el("div", { class: "ai-answers" }, action("Try again", "primary is-small", () => this.generate.start()), action("Write it myself", "is-small", () => this.generate.keep())),
		];
	}

	/** Take the text into the box with the cursor at its end. */
	edit() {
		this.generate.use();
		const { area } = this.generate.box;
		area.setSelectionRange(area.value.length, area.value.length);
		area.focus();
	}
}

function action(label, className, act) {
	return button({ class: `button ${className}`, text: label }, act);
}
