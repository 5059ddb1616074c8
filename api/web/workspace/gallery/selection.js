// The tiles that are selected, and the bar with what can be done with them.

import { button, el, setText } from "../core/dom.js";
import { Emitter } from "../core/emitter.js";
import { icon } from "../core/icons.js";
import { viewLink } from "../viewer/link.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { GALLERY } from "../words/gallery.js";
import { isViewable } from "./tiles.js";

/** @import { Tile } from "./tiles.js" */

/** @extends {Emitter<{ change: null }>} */
export class Selection extends Emitter {
	/** @type {Map<string, Tile>} */
	tiles = new Map();
	/** Whether a click selects instead of opening. */
	mode = false;
	/** @type {string | null} The one selected last, from which a range begins. */
	last = null;

	/** @param {string} key */
	has(key) {
		return this.tiles.has(key);
	}

	get open() {
		return this.mode || this.tiles.size > 0;
	}

	/** @param {Tile} tile */
	toggle(tile) {
		if (!tile.output) return;
		if (!this.tiles.delete(tile.key)) this.tiles.set(tile.key, tile);
		this.last = tile.key;
		this.emit("change", null);
	}

	/**
	 * Select all from the last one to this one.
	 *
	 * @param {readonly Tile[]} all In their order.
	 * @param {Tile} tile
	 */
	extend(all, tile) {
		const from = all.findIndex(({ key }) => key === this.last);
		if (from < 0) return this.toggle(tile);
		const to = all.indexOf(tile);
		for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) if (one.output) this.tiles.set(one.key, one);
		this.emit("change", null);
	}

	/** @param {readonly Tile[]} all */
	addAll(all) {
		for (const tile of all) if (tile.output) this.tiles.set(tile.key, tile);
		this.emit("change", null);
	}

	/**
	 * Take over what has changed of the selected ones, and forget those that are gone.
	 *
	 * @param {ReadonlyMap<string, Tile>} there By key.
	 */
	renew(there) {
		const before = this.tiles.size;
		for (const key of this.tiles.keys()) {
			const now = there.get(key);
			if (now?.output) this.tiles.set(key, now);
			else this.tiles.delete(key);
		}
		if (this.tiles.size !== before) this.emit("change", null);
	}

	/** @param {boolean} mode */
	setMode(mode) {
		this.mode = mode;
		if (!mode) this.tiles.clear();
		this.emit("change", null);
	}
}

export class SelectionBar {
	figure = el("strong", { role: "status" });

	/**
	 * @param {Selection} selection
	 * @param {HTMLElement} tools Whose place it takes.
	 * @param {() => unknown} selectAll
	 * @param {() => unknown} leave Moves the focus to the tile where the keyboard was, if there is one.
	 */
	constructor(selection, tools, selectAll, leave) {
		this.selection = selection;
		this.leave = leave;
		this.tools = tools;
		this.done = button("is-small.is-plain", () => selection.setMode(false), { title: GALLERY.selectNothing }, COMMON.done);
		const chosen = () => [...selection.tiles.values()];
		this.all = button("is-small", selectAll, { title: GALLERY.selectEverything }, CORE.all);
		this.acts = el("span.gallery-acts");
		this.compare = button("is-small", () => this.showPair(chosen()), { title: GALLERY.compareHint }, icon("compare"), COMMON.compare);
		this.element = el(
			"div.gallery-selection",
			{ role: "toolbar", "aria-label": GALLERY.selectedTiles, hidden: true },
			this.figure,
			this.all,
			this.acts,
			this.compare,
			el("span.grow"),
			this.done,
		);
		tools.after(this.element);
		selection.listen("change", () => this.show());
	}

	show() {
		const { open, tiles } = this.selection;
		const { size } = tiles;
		if (open === this.element.hidden) this.reveal(open);
		setText(this.figure, size ? GALLERY.selected(size) : GALLERY.selectTiles);
		this.compare.hidden = size !== 2 || ![...this.selection.tiles.values()].every(isViewable);
	}

	/** @param {readonly HTMLElement[]} buttons */
	add(buttons) {
		this.acts.append(...buttons);
	}

	/**
	 * Take the tools' place, in their height, so that no tile moves away under a press.
	 *
	 * @param {boolean} open
	 */
	reveal(open) {
		const focused = document.activeElement;
		if (open) this.element.style.minHeight = `${this.tools.offsetHeight}px`;
		const left = this.element.contains(focused);
		this.element.hidden = !open;
		this.tools.hidden = open;
		if (open && this.tools.contains(focused)) this.done.focus();
		if (open || !left) return;
		this.leave();
		if (document.activeElement === document.body) this.tools.querySelector("button")?.focus();
	}

	/** @param {Tile[]} pair */
	showPair([one, other]) {
		/** @param {Tile} tile */
		const place = ({ job, output }) => ({ jobId: job.jobId, index: output?.index ?? 0 });
		location.hash = viewLink({ ...place(one), other: place(other) });
	}
}
