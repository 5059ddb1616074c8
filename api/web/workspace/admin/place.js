// The way to Admin: the same page at `#admin`, loaded when somebody who may use it is there.

import { may, reasonWithout } from "../core/access.js";
import { cover } from "../core/cover.js";
import { byId, on } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { notify } from "../core/notices.js";

/** @import { Api } from "../core/api.js" */
/** @import { Session } from "../core/session.js" */
/** @import { AdminView } from "./view.js" */

const ADDRESS = /^#admin(?:=([a-z]+)(?:\/([a-z0-9-]+))?)?$/;

export class AdminPlace {
	place = byId("admin");
	/** @type {(() => Promise<{ AdminView: typeof AdminView } | null>) | null} Null for those who may not use it. */
	module = null;
	/** @type {AdminView | null} */
	view = null;

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {Session} parts.session
	 */
	constructor({ api, session }) {
		this.api = api;
		this.session = session;
		on(window, "hashchange", () => this.follow());
	}

	get open() {
		return !this.place.hidden;
	}

	/** Show the part of Admin that is named in the URL, or the jobs. */
	async follow() {
		const { hash } = location;
		const [wanted, part, detail] = ADDRESS.exec(hash) ?? [];
		if (may("admin")) this.module ??= lazy(() => import("./view.js"));
		else if (wanted) notify(reasonWithout("admin") ?? "", { tone: "attention" });
		const view = wanted ? await this.loadView() : null;
		if (location.hash !== hash) return;
		this.reveal(view !== null);
		await view?.show(part, detail);
	}

	/** @param {boolean} shown */
	reveal(shown) {
		this.place.hidden = !shown;
		cover();
		if (shown) byId("admin-link").setAttribute("aria-current", "page");
		else byId("admin-link").removeAttribute("aria-current");
	}

	/** Return the view, created when first needed; null if its module could not be loaded, which has been reported. */
	async loadView() {
		const module = await this.module?.();
		if (module && !this.view) {
			const { api, session } = this;
			this.view = new module.AdminView({ element: this.place, api, session });
			await this.view.styled;
		}
		return this.view;
	}
}
