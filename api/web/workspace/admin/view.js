// Admin: who may use this installation, what it may cost, and who did what. Its parts have addresses of their own: `#admin=keys`, `#admin=keys/team-a`.

import { el, fill, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { addStyles } from "../core/styles.js";
import { ADMIN } from "../words/admin.js";
import { Audit } from "./audit.js";
import { Budgets } from "./budgets.js";
import { Keys } from "./keys.js";
import { Owners } from "./owners.js";
import { Sessions } from "./sessions.js";
import { Spending } from "./spending.js";

/** @import { Api } from "../core/api.js" */
/** @import { Session } from "../core/session.js" */

/** @typedef {{ element: HTMLElement, show: (detail?: string) => Promise<void> }} Part */

const USUAL = "owners";
const TITLES = { owners: ADMIN.owners, keys: ADMIN.keys, sessions: ADMIN.sessions, budgets: ADMIN.budgets, spending: ADMIN.spending, audit: ADMIN.audit };

export class AdminView {
	heading = el("h2", { id: "admin-title", tabindex: "-1" }, ADMIN.admin);

	/**
	 * @param {object} parts
	 * @param {HTMLElement} parts.element
	 * @param {Api} parts.api
	 * @param {Session} parts.session
	 */
	constructor({ element, api, session }) {
		this.styled = addStyles("admin.css");
		/** @type {Record<string, Part>} */
		this.parts = {
			owners: new Owners(api),
			keys: new Keys(api, session),
			sessions: new Sessions(api),
			budgets: new Budgets(api),
			spending: new Spending(api),
			audit: new Audit(api),
		};
		this.links = Object.entries(TITLES).map(([name, title]) => el("a.admin-tab", { href: `#admin=${name}`, "data-part": name }, title));
		this.place = el("div.admin-part");
		element.append(
			el(
				"div.admin-inside",
				el("div.admin-head", this.heading, el("span.grow"), el("a.button.is-small", { href: "#" }, icon("undo"), ADMIN.backToJobs)),
				el("nav.admin-tabs", { "aria-label": ADMIN.admin }, ...this.links),
				this.place,
			),
		);
	}

	/**
	 * Show one part, as the server knows it now.
	 *
	 * @param {string | undefined} wanted
	 * @param {string} [detail]
	 */
	async show(wanted = USUAL, detail) {
		const name = Object.hasOwn(this.parts, wanted) ? wanted : USUAL;
		const part = this.parts[name];
		for (const link of this.links) setAttribute(link, "aria-current", link.dataset.part === name ? "page" : null);
		if (this.place.firstChild !== part.element) {
			fill(this.place, part.element);
			// A press on a tab keeps the focus there.
			if (!this.links.some((link) => link === document.activeElement)) this.heading.focus({ preventScroll: true });
		}
		await part.show(detail);
	}
}
