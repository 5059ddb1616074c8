// Shows AI Generate in the prompt box's own place: waiting, writing, the two texts beside each other, or what happened.

import { every, secondsSince } from "./clock.js";
import { button, byId, callout, el, fill, on, setAttribute, setText } from "./dom.js";
import { reasonAgainstWriting } from "./form_rules.js";
import { duration, usd } from "./format.js";
import { icon } from "./icons.js";
import { PromptRating } from "./rating.js";

export class AiView {
	constructor({ generate, state, situation }) {
		Object.assign(this, { generate, state, situation });
		this.button = byId("ai-generate");
		this.place = byId("ai-state");
		this.box = byId("prompt");
		this.phase = null;
		on(this.button, "click", () => this.press());
		on(state, "change", () => this.show());
		every(1, () => this.showProgress());
		this.show();
	}

	get reason() {
		return reasonAgainstWriting(this.state.values, this.situation());
	}

	press() {
		return this.reason ? setText(byId("ai-reason"), this.reason) : this.generate.start();
	}

	// Show the phase; a phase is built once, its progress changes in place.
	show() {
		const { reason, generate: { now } } = this;
		const done = now?.phase === "done";
		// Before anything is hidden: what is hidden loses the focus at once.
		const { activeElement } = document;
		this.button.hidden = now !== null || this.situation().aiPrompts?.on === false;
		setAttribute(this.button, "aria-disabled", reason && "true");
		setAttribute(this.button, "title", reason ?? "Grok writes a prompt from your words, instructions and pictures");
		if (!reason || now) setText(byId("ai-reason"), "");
		const phase = now ? `${now.phase}:${now.key}` : null;
		byId("prompt-frame").dataset.phase = now?.phase ?? "idle";
		if (phase !== this.phase) {
			const focused = activeElement === this.button || this.place.contains(activeElement) || (done && activeElement === document.body);
			this.phase = phase;
			this.place.hidden = now === null;
			// Who is typing goes on typing: no key meant for the text presses a button.
			this.box.hidden = done && activeElement !== this.box;
			fill(this.place, now ? this.build(now) : []);
			if (focused) (this.place.querySelector("button") ?? this.box).focus({ preventScroll: true });
		}
		if (this.mine) setText(this.mine, this.state.get("prompt").trim());
		this.showProgress();
	}

	build(now) {
		if (now.phase === "done") return this.buildDone(now);
		if (now.phase === "failed") return this.buildFailed(now);
		this.sentence = el("p.ai-sentence");
		this.detail = el("p.quiet");
		return [
			el("div.ai-progress", el("span.ai-pulse", { "aria-hidden": "true" }, icon("sparkle")), el("div.grow", this.sentence, this.detail), button("is-small", () => this.generate.cancel(), "Cancel")),
		];
	}

	showProgress() {
		const { phase, job } = this.generate.now ?? {};
		if (phase !== "asking" && phase !== "running") return;
		const writing = job && job.status !== "queued";
		setText(this.sentence, writing ? `Grok is writing, ${duration(Math.floor(secondsSince(job.startedAt ?? job.createdAt)))}` : job?.statusText ?? "Waiting for Grok.");
		setText(this.detail, writing && job.wait?.for ? job.statusText : "You can go on typing: nothing of yours is overwritten.");
	}

	buildDone({ job }) {
		const mine = this.state.get("prompt").trim();
		const cost = [job.grokModel, job.promptCostUsd ? usd(job.promptCostUsd) : null].filter(Boolean).join(" · ");
		return [
			el(
				"div.compare",
				mine && el("section", { "aria-label": "Your text" }, el("h3.label", "Yours"), (this.mine = el("p.prose", { tabindex: "0" }, mine))),
				el("section.is-new", { "aria-label": "Grok's text" }, el("h3.label", icon("sparkle"), "Grok’s"), el("p.prose", { tabindex: "0" }, job.generatedPrompt)),
			),
			el(
				"div.ai-answers",
				button("primary.is-small", () => this.generate.use(), "Use it"),
				button("is-small", () => this.generate.keep(), mine ? "Keep mine" : "Discard it"),
				button("is-small", () => this.edit(), "Edit"),
				button("is-small", () => this.generate.start(), "Try again"),
				new PromptRating(this.generate.api, job).element,
				el("span.quiet", cost),
			),
		];
	}

	buildFailed({ problem }) {
		return [
			callout("bad", icon("warning"), el("p.callout-title", "No prompt was written."), el("p", problem.message), problem.hint && el("p.quiet", problem.hint)),
			el("div.ai-answers", button("primary.is-small", () => this.generate.start(), "Try again"), button("is-small", () => this.generate.keep(), "Write it myself")),
		];
	}

	edit() {
		this.generate.use();
		const { area } = this.generate.box;
		area.setSelectionRange(area.value.length, area.value.length);
		area.focus();
	}
}
