// Keys: whose they are, what they allow, when they were used. Made and revoked here.

import { actingFor, caller } from "../core/access.js";
import { secondsSince, timeElement } from "../core/clock.js";
import { confirm } from "../core/dialogs.js";
import { button, el, fill, on, setText } from "../core/dom.js";
import { capitalized, count, dateOf, duration, exactTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { notify, reportProblem } from "../core/notices.js";
import { roleOf } from "../core/roles.js";
import { actorText } from "./audit_words.js";
import { stateOf } from "./key_words.js";
import { ReadList } from "./loading.js";
import { NewKey } from "./new_key.js";

/** @import { Api } from "../core/api.js" */
/** @import { Session } from "../core/session.js" */
/** @import { ApiKey, Owner } from "../../types/page.js" */

const SOON_SECONDS = 14 * 86400;

export class Keys {
	filter = el("select.input", { id: "key-owner-filter" });
	old = el("input", { type: "checkbox", id: "key-old" });
	oldText = el("span");
	place = el("div");
	/** @type {string[]} */
	owners = [];
	/** @type {NewKey | null} */
	making = null;

	/**
	 * @param {Api} api
	 * @param {Session} session
	 */
	constructor(api, session) {
		this.api = api;
		this.session = session;
		this.list = new ReadList(
			"Keys",
			() => this.read(),
			([owners, keys]) => this.draw(owners.items, keys.items),
		);
		on(this.filter, "change", () => (location.hash = this.filter.value ? `admin=keys/${this.filter.value}` : "admin=keys"));
		on(this.old, "change", () => this.list.show());
		this.make = button("primary", () => this.startMaking(), icon("plus"), "New key");
		// Until the owners are read there is nobody to make a key for.
		this.make.disabled = true;
		this.oldChoice = el("label.admin-choice", this.old, this.oldText);
		this.element = el(
			"section",
			el("p.quiet.admin-lead", "A program or a person shows a key to use this Promptmill. It says whose jobs they see and what they may do."),
			el(
				"div.admin-tools",
				el("div.field", el("label.label", { for: "key-owner-filter" }, "Owner"), this.filter),
				this.oldChoice,
				el("span.grow"),
				this.make,
			),
			this.place,
			this.list.element,
		);
	}

	/** @param {string} [owner] Whose keys to show; everybody's if omitted. */
	async show(owner = "") {
		this.owner = owner;
		await this.list.show();
	}

	read() {
		const query = this.owner ? new URLSearchParams({ owner: this.owner }) : undefined;
		return Promise.all([this.api.get("/api/owners"), this.api.get("/api/keys", { query })]);
	}

	/**
	 * @param {readonly Owner[]} owners
	 * @param {readonly ApiKey[]} keys
	 */
	draw(owners, keys) {
		const { owner = "" } = this;
		this.owners = owners.map(({ name }) => name);
		this.make.disabled = false;
		fill(this.filter, el("option", { value: "" }, "All owners"), ...this.owners.map((name) => el("option", { value: name, selected: name === owner }, name)));
		const usable = keys.filter((key) => stateOf(key, Date.now()) === "usable");
		const old = keys.length - usable.length;
		this.oldChoice.hidden = old === 0;
		setText(this.oldText, `Show ${count(old, "revoked or expired key")}`);
		const shown = this.old.checked ? keys : usable;
		if (!shown.length) return [el("li.admin-none.quiet", owner ? `There is no key of ${owner}.` : "There is no key yet.")];
		return shown.map((key) => this.rowOf(key));
	}

	/** @param {ApiKey} key */
	rowOf(key) {
		const state = stateOf(key, Date.now());
		const own = isOwn(key);
		const made = ["Made ", dateOf(key.createdAt), key.createdBy ? ` by ${actorText(key.createdBy)}` : ""].join("");
		return el(
			"li.admin-row",
			{ "data-key": key.id, "data-state": state },
			el(
				"div.admin-main",
				el("p.admin-name", key.name, el("span.chip", { "data-tone": "work", title: key.scopes.join(", ") }, capitalized(roleOf(key.scopes) ?? "Custom")), own && el("span.chip", { "data-tone": "good" }, "You use it")),
				el("p.admin-meta", el("span", key.owner), el("code", `pm_${key.id}…`), el("span", made)),
				!roleOf(key.scopes) && el("p.admin-meta", key.scopes.join(", ")),
			),
			el("div.admin-times", el("p", ...lastUse(key)), el("p", ...endOf(key, state))),
			el("div.admin-acts", state === "usable" && button("is-small", () => this.revoke(key), { "aria-label": `Revoke ${key.name}` }, "Revoke")),
		);
	}

	startMaking() {
		const done = () => {
			this.making = null;
			fill(this.place);
			this.make.hidden = false;
			this.make.focus();
		};
		const owner = this.filter.value || actingFor() || caller()?.owner || "";
		this.making = new NewKey({ api: this.api, session: this.session, owners: this.owners, owner, onMade: () => this.list.show(), onDone: done });
		this.make.hidden = true;
		fill(this.place, this.making.element);
		this.making.focus();
	}

	/** @param {ApiKey} key */
	async revoke(key) {
		const body = [
			`Whoever uses ${key.name} (${key.owner}) is refused within a second, and the sessions that began with it end. This cannot be undone.`,
			isOwn(key) && "You are signed in with this key: you will be signed out.",
		];
		if (!(await confirm("Revoke this key?", body, "Revoke the key"))) return;
		try {
			const { warnings } = await this.api.delete("/api/keys/{key_id}", { params: { key_id: key.id } });
			notify(`Key revoked: ${key.name}.`);
			for (const warning of warnings) notify(warning, { tone: "bad" });
		} catch (problem) {
			reportProblem("The key was not revoked.", problem);
		}
		await this.list.show();
		this.make.focus();
	}
}

/** @param {ApiKey} key */
function isOwn(key) {
	return caller()?.actor?.endsWith(`key:${key.id}`) ?? false;
}

/** @param {ApiKey} key */
function lastUse({ lastUsedAt }) {
	return lastUsedAt ? ["Last used: ", timeElement(lastUsedAt)] : ["Never used"];
}

/**
 * @param {ApiKey} key
 * @param {string} state
 */
function endOf({ expiresAt, revokedAt }, state) {
	if (revokedAt) return [el("span.chip", { "data-tone": "bad", title: exactTime(revokedAt) }, `Revoked ${dateOf(revokedAt)}`)];
	if (!expiresAt) return ["Never expires"];
	const left = -secondsSince(expiresAt);
	if (state === "expired") return [el("span.chip", { "data-tone": "bad", title: exactTime(expiresAt) }, `Expired ${dateOf(expiresAt)}`)];
	if (left < SOON_SECONDS) return [el("span.chip", { "data-tone": "attention", title: exactTime(expiresAt) }, `Expires in ${duration(left)}`)];
	return [el("span", { title: exactTime(expiresAt) }, `Until ${dateOf(expiresAt)}`)];
}
