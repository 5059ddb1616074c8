// The way to what was queued together, loaded when it is looked at. The browser's Back closes it.

import { on } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { groupIn } from "./link.js";

/** @import { Api } from "../core/api.js" */
/** @import { Models } from "../form/models.js" */
/** @import { JobActions } from "../jobs/job_actions.js" */
/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { SideBySide } from "./view.js" */

/**
 * @typedef {object} Neighbours What it uses of the page.
 * @property {Api} api
 * @property {JobBook} book
 * @property {Models} models
 * @property {() => Promise<JobActions | null>} actions
 */

const viewModule = lazy(() => import("./view.js"));

export class GroupPlace {
	/** @type {SideBySide | null} */
	view = null;

	/** Whether the page was there before it. */
	entered = false;

	/** @param {Neighbours} parts */
	constructor(parts) {
		this.parts = parts;
		on(window, "hashchange", () => this.follow(true));
	}

	/** @param {boolean} [entered] Whether the page's own history has an entry before this one's. */
	async follow(entered = false) {
		const { hash } = location;
		// The viewer lies above this as well, and leads back to it.
		if (hash.startsWith("#view=")) return;
		const group = groupIn(hash);
		const module = group !== null && !this.view ? await viewModule() : null;
		if (module) this.view ??= new module.SideBySide({ ...this.parts, onClose: () => this.leave() });
		await this.view?.styled;
		if (location.hash !== hash) return;
		if (group !== null && group !== this.view?.group) this.entered = entered;
		this.view?.follow(group);
	}

	leave() {
		if (this.entered) history.back();
		else {
			history.replaceState(null, "", location.pathname + location.search);
			this.follow();
		}
	}
}
