// Owners: who has jobs of their own here. An admin adds one, sees its keys, acts for it, limits it and pauses it.

import { actingFor, caller } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { button, el, fill, setText } from "../core/dom.js";
import { dateOf } from "../core/format.js";
import { icon } from "../core/icons.js";
import { notify } from "../core/notices.js";
import { published } from "../core/published.js";
import { actorText } from "./audit_words.js";
import { limitsForm, limitsText, pauseForm } from "./limits.js";
import { ReadList } from "./loading.js";
import { clearSent, onSubmit } from "./parts.js";

/** @import { Api } from "../core/api.js" */
/** @import { Limits, Owner } from "../../types/page.js" */

export class Owners {
	name = el("input.input", { id: "owner-name", autocomplete: "off", autocapitalize: "none", spellcheck: "false", placeholder: "team-a", "aria-describedby": "owner-wrong" });
	wrong = el("p.wrong", { id: "owner-wrong", role: "alert" });
	card = el("div");

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
		this.list = new ReadList(
			"Owners",
			() => api.get("/api/owners"),
			({ items, limits }) => items.map((owner) => this.rowOf(owner, limits)),
		);
		const add = button("primary", () => {}, icon("plus"), "Add");
		add.type = "submit";
		const form = el("form.admin-add", el("div.field.grow", el("label.label", { for: "owner-name" }, "New owner"), this.name), add);
		onSubmit(form, () => this.add());
		this.element = el(
			"section",
			el("p.quiet.admin-lead", "An owner is a team or an application. Its jobs, uploads, ratings and keys are its own: no other owner sees them."),
			form,
			this.wrong,
			this.card,
			this.list.element,
		);
	}

	async show() {
		await this.list.show();
	}

	async add() {
		const typed = this.name.value;
		const name = typed.trim();
		setText(this.wrong, name ? "" : "Enter a name.");
		if (!name) return;
		try {
			await this.api.post("/api/owners", { body: { name } });
		} catch (thrown) {
			setText(this.wrong, asProblem(thrown).sentence);
			return;
		}
		clearSent(this.name, typed);
		notify(`Owner added: ${name}.`);
		await this.list.show();
	}

	/** @param {string} name */
	async resume(name) {
		try {
			await this.api.delete("/api/owners/{owner}/pause", { params: { owner: name } });
		} catch (thrown) {
			notify(asProblem(thrown).sentence, { tone: "bad" });
			return;
		}
		notify(`Owner resumed: ${name}.`);
		await this.list.show();
	}

	/**
	 * @param {string} name
	 * @param {(onDone: () => void) => HTMLElement} make Makes a form, which calls `onDone` when it is no longer needed.
	 */
	open(name, make) {
		const form = make(async () => {
			fill(this.card);
			await this.list.show();
			// The button that opened it is no longer there: the list is new.
			/** @type {HTMLElement | null} */ (this.list.element.querySelector(`[aria-label="Limits of ${name}"]`))?.focus();
		});
		fill(this.card, form);
		form.querySelector("input")?.focus();
	}

	/**
	 * @param {Owner} owner
	 * @param {Limits} installation
	 */
	rowOf(owner, installation) {
		const { name, createdAt, pausedAt, pausedBy, pausedReason } = owner;
		const own = name === caller()?.owner;
		const acting = name === actingFor();
		const chips = [own && el("span.chip", { "data-tone": "work" }, "Yours"), acting && el("span.chip", { "data-tone": "attention" }, "Acting for it"), pausedAt && el("span.chip", { "data-tone": "attention" }, "Paused")];
		const since = Date.parse(createdAt) ? `Since ${dateOf(createdAt)}` : "The first, there from the beginning";
		return el(
			"li.admin-row",
			el(
				"div.admin-main",
				el("p.admin-name", name, chips),
				el("p.admin-meta", since),
				pausedAt && el("p.admin-meta", `Paused on ${dateOf(pausedAt)} by ${pausedBy ? actorText(pausedBy) : "somebody"}: ${pausedReason ?? ""}`),
				el("p.admin-meta", limitsText(owner.limits)),
			),
			el(
				"div.admin-acts",
				el("a.button.is-small", { href: `#admin=keys/${name}`, "aria-label": `Keys of ${name}` }, "Keys"),
				button("is-small", () => this.open(name, (done) => limitsForm(this.api, owner, installation, done)), { "aria-label": `Limits of ${name}` }, "Limits"),
				pausedAt
					? button("is-small", () => this.resume(name), { "aria-label": `Resume ${name}` }, "Resume")
					: button("is-small", () => this.open(name, (done) => pauseForm(this.api, name, done)), { "aria-label": `Pause ${name}` }, "Pause"),
				own || acting ? null : el("a.button.is-small", { href: `${published("/")}?owner=${name}`, "aria-label": `Act for ${name}` }, "Act for"),
			),
		);
	}
}
