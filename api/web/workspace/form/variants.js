// The prompts of one answer side by side, with what changed against the user's own text.

import { button, el, fill, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { VARIANTS } from "../words/partner.js";
import { WRITING } from "../words/writing.js";
import { shareLeft } from "./authorship.js";
import { wordDiff } from "./word_diff.js";

/** @import { PromptJob } from "../../types/page.js" */
/** @import { Run } from "./word_diff.js" */

/** With fewer of the user's words left, all of it is new, and to mark it would only disturb. */
const WORTH_MARKING = 0.3;

export class Variants {
	/** @type {{ prompt: string, text: HTMLElement }[]} */
	shown = [];

	/**
	 * @param {object} parts
	 * @param {PromptJob} parts.job
	 * @param {string} parts.mine The user's own text.
	 * @param {(variant: number) => void} parts.take
	 */
	constructor({ job, mine, take }) {
		this.mine = mine;
		// Not there while an API of the release before answers.
		const listed = job.variants?.length ? job.variants : [{ prompt: job.generatedPrompt ?? "", negativePrompt: null }];
		const wanted = job.wantedVariants ?? 1;
		this.cards = listed.map(({ prompt, negativePrompt }, at) => {
			const name = VARIANTS.name(at + 1, listed.length);
			const text = el("p.prose", { tabindex: "0" }, prompt);
			this.shown.push({ prompt, text });
			return el(
				"section.is-new",
				{ "aria-label": listed.length > 1 ? name : WRITING.groksText },
				el("h3.label", icon("sparkle"), name),
				text,
				negativePrompt && el("p.hint", VARIANTS.negative, " ", negativePrompt),
				listed.length > 1 && button("is-small", () => take(at), { "aria-label": VARIANTS.takeName(at + 1) }, VARIANTS.take),
			);
		});
		this.toggle = mine ? button("is-small.is-plain", () => this.mark(!this.marks), { "aria-pressed": false }, VARIANTS.compare) : null;
		this.notes = [listed.length < wanted && el("p.hint", VARIANTS.fewer(listed.length, wanted)), el("p.hint", { role: "status", hidden: true }, VARIANTS.tooLong)];
		this.marks = false;
		this.mark(listed.some(({ prompt }) => shareLeft(mine, prompt) >= WORTH_MARKING));
	}

	/**
	 * Show against another text of the user's, who may have typed on.
	 *
	 * @param {string} mine
	 */
	show(mine) {
		if (mine === this.mine) return;
		this.mine = mine;
		if (this.marks) this.mark(true);
	}

	/**
	 * Mark what changed, or show the plain prompts.
	 *
	 * @param {boolean} marks
	 */
	mark(marks) {
		this.marks = marks;
		if (this.toggle) setAttribute(this.toggle, "aria-pressed", marks);
		let tooLong = false;
		for (const { prompt, text } of this.shown) {
			const runs = marks && this.mine ? wordDiff(this.mine, prompt) : null;
			tooLong ||= marks && Boolean(this.mine) && !runs;
			fill(text, ...(runs ? runs.flatMap(runElement) : [prompt]));
		}
		const note = this.notes[1];
		if (note) note.hidden = !tooLong;
	}
}

/**
 * @param {Run} run
 * @returns {(HTMLElement | string)[]}
 */
function runElement({ kind, text }) {
	const words = text.trimStart();
	return [text.slice(0, text.length - words.length), kind === "same" ? words : el(kind === "new" ? "ins" : "del", words)];
}
