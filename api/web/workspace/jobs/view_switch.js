// Gallery or list: one switch, remembered. The first time, the gallery opens where there is something to look at.

import { byId, on, setAttribute } from "../core/dom.js";

/** @import { Gallery } from "../gallery/gallery.js" */
/** @import { JobBook } from "./job_book.js" */
/** @import { JobList } from "./list.js" */

/** @typedef {"gallery" | "list"} ViewName */

const STORAGE_KEY = "promptmill.view";

export class ViewSwitch {
	/** @type {ViewName | null} Null until it is known whether there is something to look at. */
	name = remembered();
	/** @type {Gallery | null} */
	gallery = null;

	/**
	 * @param {object} parts
	 * @param {JobBook} parts.book
	 * @param {JobList} parts.list
	 * @param {() => Promise<Gallery | null>} parts.loadGallery
	 */
	constructor({ book, list, loadGallery }) {
		this.list = list;
		this.loadGallery = loadGallery;
		/** Loaded while the jobs are read, unless somebody has chosen the list. */
		this.loading = this.name === "list" ? null : loadGallery();
		/** @type {NodeListOf<HTMLElement>} */
		this.buttons = document.querySelectorAll("[data-view]");
		for (const one of this.buttons) on(one, "click", () => this.choose(/** @type {ViewName} */ (one.dataset.view)));
		book.listen("list", () => {
			if (this.name !== null || !book.loaded) return;
			// Decided once: nothing changes under somebody's eyes because a job has ended.
			this.name = book.shown().some((job) => job.outputs.length > 0) ? "gallery" : "list";
			this.show();
		});
		if (this.name !== null) this.show();
	}

	/** What is shown: the two have the same methods for the keyboard. */
	get shown() {
		return this.name === "gallery" && this.gallery ? this.gallery : this.list;
	}

	/** @param {ViewName} name */
	choose(name) {
		localStorage.setItem(STORAGE_KEY, name);
		this.name = name;
		return this.show();
	}

	toggle() {
		return this.choose(this.name === "gallery" ? "list" : "gallery");
	}

	async show() {
		const { current } = this.shown;
		this.list.show(this.name === "list");
		for (const one of this.buttons) setAttribute(one, "aria-pressed", one.dataset.view === this.name);
		setAttribute(byId("work"), "data-shows", this.name);
		if (this.name === "gallery") this.gallery ??= await (this.loading ??= this.loadGallery());
		// Its module could not be loaded, which has been reported.
		if (this.name === "gallery" && !this.gallery) {
			this.loading = null;
			return this.list.show(true);
		}
		this.gallery?.show(this.name === "gallery");
		if (current) this.shown.mark(current);
	}
}

/** @returns {ViewName | null} */
function remembered() {
	const found = localStorage.getItem(STORAGE_KEY);
	return found === "gallery" || found === "list" ? found : null;
}
