// The bars of a batch: its rows by state, and its money.

import { el, fill, setAttribute, setText } from "../core/dom.js";
import { usd } from "../core/format.js";
import { icon } from "../core/icons.js";
import { BATCHES } from "../words/batches.js";
import { moneyShares, segmentsOf, stateLook } from "./progress.js";

/** @import { Batch } from "../../types/page.js" */

/** One bar, whose parts keep their elements while they grow. */
export class StackedBar {
	element = el("div.batch-bar", { role: "img" });
	/** @type {Map<string, HTMLElement>} */
	parts = new Map();

	/**
	 * @param {readonly { state: string, tone: string, share: number }[]} segments
	 * @param {string} told
	 */
	show(segments, told) {
		setAttribute(this.element, "aria-label", told);
		const elements = segments.map(({ state, tone, share }) => {
			const part = this.parts.get(state) ?? el("span", { "data-part": state, "data-tone": tone });
			this.parts.set(state, part);
			part.style.width = `${share * 100}%`;
			return part;
		});
		const same = elements.length === this.element.childElementCount && elements.every((one, index) => one === this.element.children[index]);
		if (!same) this.element.replaceChildren(...elements);
	}

	/** @param {Batch} batch */
	showRows({ counts }) {
		const segments = segmentsOf(counts);
		this.show(segments, BATCHES.progress(segments.map(({ count, state }) => BATCHES.inState(count, BATCHES.rowStates[state])).join(", ")));
	}

	/** @param {Batch} batch */
	showMoney(batch) {
		const { spent, reserved } = moneyShares(batch);
		const segments = [
			{ state: "spent", tone: batch.leftUsd <= 0 ? "bad" : "work", share: spent },
			{ state: "reserved", tone: "wait", share: reserved },
		];
		this.show(segments.filter(({ share }) => share > 0), BATCHES.moneyTold(usd(batch.spentUsd), usd(batch.reservedUsd), usd(batch.leftUsd)));
	}
}

/**
 * Show a batch's state in a chip, by shape, word and colour.
 *
 * @param {HTMLElement} chip
 * @param {string} state
 */
export function showState(chip, state) {
	if (chip.dataset.state === state) return;
	const { word, tone, icon: shape } = stateLook(state);
	chip.dataset.state = state;
	chip.dataset.tone = tone;
	fill(chip, icon(shape), word);
}

/**
 * @param {Element} place
 * @param {Batch} batch
 */
export function showWhy(place, { state, problem, pauseReason, pausedBy, leftUsd, maxCostUsd }) {
	if (state === "paused" && pauseReason === "budget") return setText(place, BATCHES.outOfBudget(usd(leftUsd), usd(maxCostUsd)));
	const person = state === "paused" && pausedBy && (pauseReason === "owner" || pauseReason === "admin") ? BATCHES.pausedBy(pausedBy) : "";
	setText(place, [person, problem].filter(Boolean).join(" "));
}
