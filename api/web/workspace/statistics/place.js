// The way to the statistics: the same page at `#statistics`, loaded when somebody goes there. Back closes it.

import { cover, loadForJobs } from "../core/cover.js";
import { byId, on, setAttribute } from "../core/dom.js";
import { lazy } from "../core/lazy.js";

/** @import { Api } from "../core/api.js" */
/** @import { StatisticsView } from "./view.js" */

const ADDRESS = /^#statistics(?:=(\d{1,3})(?:\/([a-z0-9-]{1,63}))?)?$/;

const statistics = lazy(() => import("./view.js"));

export class StatisticsPlace {
	place = byId("statistics");
	/** @type {StatisticsView | null} */
	view = null;
	/** What the address named before. */
	before = "";

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
		on(window, "hashchange", ({ oldURL }) => {
			if (!this.open) this.before = new URL(oldURL).hash;
			this.follow();
		});
	}

	get open() {
		return !this.place.hidden;
	}

	/** Show what the URL names, or the jobs. */
	async follow() {
		const { hash } = location;
		const [wanted, days, owner] = ADDRESS.exec(hash) ?? [];
		const module = wanted ? await loadForJobs(statistics) : null;
		if (module) {
			this.view ??= new module.StatisticsView(this.place, this.api);
			this.view.back.href = this.before || "#";
			await this.view.styled;
		}
		if (location.hash !== hash) return;
		const entered = !this.open;
		this.place.hidden = !module;
		cover();
		setAttribute(byId("statistics-link"), "aria-current", this.open ? "page" : null);
		if (module) await this.view?.show(days, owner, entered);
	}
}
