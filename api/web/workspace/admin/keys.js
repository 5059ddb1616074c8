// Keys: whose they are, what they allow, when they were used. Made and revoked here.

import { actingFor, caller } from "../core/access.js";
import { secondsSince, timeElement } from "../core/clock.js";
import { confirm } from "../core/dialogs.js";
import { button, el, fill, on, setText } from "../core/dom.js";
import { capitalized, dateOf, duration, exactTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { notify, reportProblem } from "../core/notices.js";
import { roleOf } from "../core/roles.js";
import { ADMIN } from "../words/admin.js";
import { actorText } from "../words/audit.js";
import { stateOf } from "../words/keys.js";
import { noteLine, ReadList } from "./loading.js";
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
			ADMIN.keys,
			() => this.read(),
			([owners, keys]) => this.draw(owners.items, keys.items),
		);
		on(this.filter, "change", () => (location.hash = this.filter.value ? `admin=keys/${this.filter.value}` : "admin=keys"));
		on(this.old, "change", () => this.list.show());
		this.make = button("primary", () => this.startMaking(), icon("plus"), ADMIN.newKey);
		// Until the owners are read there is nobody to make a key for.
		this.make.disabled = true;
		this.oldChoice = el("label.admin-choice", this.old, this.oldText);
		this.element = el(
			"section",
			el("p.quiet.admin-lead", ADMIN.keysNote),
			el(
				"div.admin-tools",
				el("div.field", el("label.label", { for: "key-owner-filter" }, ADMIN.owner), this.filter),
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
		fill(this.filter, el("option", { value: "" }, ADMIN.allOwners), ...this.owners.map((name) => el("option", { value: name, selected: name === owner }, name)));
		const usable = keys.filter((key) => stateOf(key, Date.now()) === "usable");
		const old = keys.length - usable.length;
		this.oldChoice.hidden = old === 0;
		setText(this.oldText, ADMIN.showOld(old));
		const shown = this.old.checked ? keys : usable;
		if (!shown.length) return [noteLine(owner ? ADMIN.noKeyOf(owner) : ADMIN.noKey)];
		return shown.map((key) => ({ key: key.id, data: [key, stateOf(key, Date.now())], make: () => this.rowOf(key) }));
	}

	/** @param {ApiKey} key */
	rowOf(key) {
		const state = stateOf(key, Date.now());
		const own = isOwn(key);
		const made = key.createdBy ? ADMIN.madeBy(dateOf(key.createdAt), actorText(key.createdBy)) : ADMIN.made(dateOf(key.createdAt));
		return el(
			"li.admin-row",
			{ "data-key": key.id, "data-state": state },
			el(
				"div.admin-main",
				el("p.admin-name", key.name, el("span.chip", { "data-tone": "work", title: key.scopes.join(", ") }, capitalized(roleOf(key.scopes) ?? ADMIN.custom)), own && el("span.chip", { "data-tone": "good" }, ADMIN.youUseIt)),
				el("p.admin-meta", el("span", key.owner), el("code", `pm_${key.id}…`), el("span", made)),
				!roleOf(key.scopes) && el("p.admin-meta", key.scopes.join(", ")),
			),
			el("div.admin-times", el("p", ...lastUse(key)), el("p", ...endOf(key, state))),
			el("div.admin-acts", state === "usable" && button("is-small", () => this.revoke(key), { "aria-label": ADMIN.revokeOne(key.name) }, ADMIN.revoke)),
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
			ADMIN.revokeNote(key.name, key.owner),
			isOwn(key) && ADMIN.revokeOwn,
		];
		if (!(await confirm(ADMIN.revokeQuestion, body, ADMIN.revokeKey))) return;
		try {
			const { warnings } = await this.api.delete("/api/keys/{key_id}", { params: { key_id: key.id } });
			notify(ADMIN.keyRevoked(key.name));
			for (const warning of warnings) notify(warning, { tone: "bad" });
		} catch (problem) {
			reportProblem(ADMIN.keyNotRevoked, problem);
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
	return lastUsedAt ? [ADMIN.lastUsed, timeElement(lastUsedAt)] : [ADMIN.neverUsed];
}

/**
 * @param {ApiKey} key
 * @param {string} state
 */
function endOf({ expiresAt, revokedAt }, state) {
	if (revokedAt) return [el("span.chip", { "data-tone": "bad", title: exactTime(revokedAt) }, ADMIN.revokedOn(dateOf(revokedAt)))];
	if (!expiresAt) return [ADMIN.neverExpires];
	const left = -secondsSince(expiresAt);
	if (state === "expired") return [el("span.chip", { "data-tone": "bad", title: exactTime(expiresAt) }, ADMIN.expiredOn(dateOf(expiresAt)))];
	if (left < SOON_SECONDS) return [el("span.chip", { "data-tone": "attention", title: exactTime(expiresAt) }, ADMIN.expiresIn(duration(left)))];
	return [el("span", { title: exactTime(expiresAt) }, ADMIN.until(dateOf(expiresAt)))];
}
