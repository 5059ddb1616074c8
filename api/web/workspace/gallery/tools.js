// The gallery's controls beside the search: how large tiles are, and a mode in which a tap selects.

import { button, el, on, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { GALLERY } from "../words/gallery.js";

/** @import { Selection } from "./selection.js" */

const STORAGE_KEY = "promptmill.tileSize";
/** The heights that rows should have, in pixels. */
const HEIGHTS = [130, 210, 340];
const WORDS = [GALLERY.small, GALLERY.medium, GALLERY.large];
const USUAL = 1;

export class GalleryTools {
	step = remembered();
	shown = -1;

	/**
	 * @param {HTMLElement} place
	 * @param {Selection} selection
	 * @param {() => void} onResize
	 */
	constructor(place, selection, onResize) {
		this.size = el("input.gallery-size", { type: "range", min: 0, max: HEIGHTS.length - 1, step: 1, value: this.step, "aria-label": GALLERY.tileSize, title: GALLERY.tileSize });
		this.choose = button("is-small", () => selection.setMode(!selection.open), { "aria-label": GALLERY.selectTiles, title: GALLERY.selectTilesKey }, icon("check"), el("span", GALLERY.select));
		this.element = el("div.gallery-tools", { hidden: true }, this.choose, this.size);
		const search = place.querySelector(".grow");
		if (search) search.before(this.element);
		else place.append(this.element);
		on(this.size, "input", () => {
			this.step = Number(this.size.value);
			localStorage.setItem(STORAGE_KEY, String(this.step));
			this.sayStep();
			onResize();
		});
		selection.listen("change", () => setAttribute(this.choose, "aria-pressed", selection.open));
		this.sayStep();
	}

	/** The height that rows should have. */
	get height() {
		return HEIGHTS[this.step];
	}

	/** Whether the tiles do not have their size yet. */
	changed() {
		return this.shown !== this.step;
	}

	noteShown() {
		this.shown = this.step;
	}

	sayStep() {
		setAttribute(this.size, "aria-valuetext", WORDS[this.step]);
	}

	/** @param {boolean} shown */
	show(shown) {
		this.element.hidden = !shown;
	}
}

function remembered() {
	const found = Number(localStorage.getItem(STORAGE_KEY) ?? USUAL);
	return HEIGHTS[found] ? found : USUAL;
}
