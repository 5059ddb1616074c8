// Owners: who has jobs of their own here. An admin adds one, sees its keys, acts for it, limits it and pauses it.

import { actingFor, caller } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { button, el, fill, setText } from "../core/dom.js";
import { dateOf } from "../core/format.js";
import { icon } from "../core/icons.js";
import { notify } from "../core/notices.js";
import { published } from "../core/published.js";
import { ADMIN } from "../words/admin.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { actorText } from "../words/audit.js";
import { limitsForm, limitsText, pauseForm } from "./limits.js";
import { ReadList } from "./loading.js";
import { clearSent, clearWrong, onSubmit, showWrong } from "./parts.js";

/** @import { Api } from "../core/api.js" */
/** @import { Limits, Owner } from "../../types/page.js" */

export class Owners {
	name = el("input.input", { id: "owner-name", autocomplete: "off", autocapitalize: "none", spellcheck: "false", placeholder: ADMIN.ownerHint, "aria-describedby": "owner-wrong" });
	wrong = el("p.wrong", { id: "owner-wrong", role: "alert" });
	card = el("div");
	inputs = { name: this.name };

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
		this.list = new ReadList(
			ADMIN.owners,
			() => api.get("/api/owners"),
			({ items, limits }) => items.map((owner) => ({ key: owner.name, data: [owner, limits], make: (now) => this.rowOf(now) })),
		);
		const add = button("primary", () => {}, icon("plus"), ADMIN.add);
		add.type = "submit";
		const form = el("form.admin-add", el("div.field.grow", el("label.label", { for: "owner-name" }, ADMIN.newOwner), this.name), add);
		onSubmit(form, () => this.add());
		this.element = el(
			"section",
			el("p.quiet.admin-lead", ADMIN.ownersNote),
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
		clearWrong(this.wrong, this.inputs);
		if (!name) setText(this.wrong, ADMIN.enterName);
		if (!name) return;
		try {
			await this.api.post("/api/owners", { body: { name } });
		} catch (thrown) {
			showWrong(this.wrong, asProblem(thrown), this.inputs);
			return;
		}
		clearSent(this.name, typed);
		notify(ADMIN.ownerAdded(name));
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
		notify(ADMIN.ownerResumed(name));
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
			// The button that opened it may no longer be there: what it says of the owner is new.
			/** @type {HTMLElement | null} */ (this.list.element.querySelector(`[aria-label="Limits of ${name}"]`))?.focus();
		});
		fill(this.card, form);
		form.querySelector("input")?.focus();
	}

	/** @param {() => [owner: Owner, installation: Limits]} now */
	rowOf(now) {
		const [owner] = now();
		const { name, createdAt, pausedAt, pausedBy, pausedReason } = owner;
		const own = name === caller()?.owner;
		const acting = name === actingFor();
		const chips = [own && el("span.chip", { "data-tone": "work" }, COMMON.yours), acting && el("span.chip", { "data-tone": "attention" }, ADMIN.actingForIt), pausedAt && el("span.chip", { "data-tone": "attention" }, CORE.paused)];
		const since = Date.parse(createdAt) ? ADMIN.since(dateOf(createdAt)) : ADMIN.firstOwner;
		return el(
			"li.admin-row",
			el(
				"div.admin-main",
				el("p.admin-name", name, chips),
				el("p.admin-meta", since),
				pausedAt && el("p.admin-meta", ADMIN.pausedBy(dateOf(pausedAt), pausedBy ? actorText(pausedBy) : ADMIN.somebody, pausedReason ?? "")),
				el("p.admin-meta", limitsText(owner.limits)),
			),
			el(
				"div.admin-acts",
				el("a.button.is-small", { href: `#admin=keys/${name}`, "aria-label": ADMIN.keysOf(name) }, ADMIN.keys),
				button("is-small", () => this.open(name, (done) => limitsForm(this.api, ...now(), done)), { "aria-label": ADMIN.limitsOf(name) }, ADMIN.limits),
				pausedAt
					? button("is-small", () => this.resume(name), { "aria-label": ADMIN.resumeOne(name) }, CORE.resume)
					: button("is-small", () => this.open(name, (done) => pauseForm(this.api, name, done)), { "aria-label": ADMIN.pauseOne(name) }, CORE.pause),
				own || acting ? null : el("a.button.is-small", { href: `${published("/")}?owner=${name}`, "aria-label": ADMIN.actForOne(name) }, ADMIN.actFor),
			),
		);
	}
}
