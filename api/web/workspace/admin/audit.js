// Audit: who did what, newest first; filtered, by pages, and for spreadsheets.

import { timeElement } from "../core/clock.js";
import { button, el, fill, on } from "../core/dom.js";
import { reportProblem } from "../core/notices.js";
import { published } from "../core/published.js";
import { ADMIN } from "../words/admin.js";
import { COMMON } from "../words/common.js";
import { ACTIONS, actionText, actorText, changeText } from "../words/audit.js";
import { noteLine, ReadList } from "./loading.js";
import { csvLink, filtersOf, ownerOptions } from "./parts.js";

/** @import { Api } from "../core/api.js" */
/** @import { Line } from "../core/keyed.js" */
/** @import { ApiKey, AuditEntry, AuditPage, Owner } from "../../types/page.js" */

/** The last day that fields of the browser take: none of the years that a slip of the finger makes. */
const LAST_DAY = "9999-12-31";

export class Audit {
	action = el("select.input", { id: "audit-action" }, el("option", { value: "" }, ADMIN.everything), ...Object.entries(ACTIONS).map(([value, text]) => el("option", { value }, text)));
	owner = el("select.input", { id: "audit-owner" }, ...ownerOptions([], ""));
	from = el("input.input", { id: "audit-from", type: "date", max: LAST_DAY });
	to = el("input.input", { id: "audit-to", type: "date", max: LAST_DAY });
	csv = csvLink();
	older = button("is-wide", () => this.more(), ADMIN.showOlderEntries);
	/** @type {string | null} */
	cursor = null;
	/** @type {Map<string, string>} */
	names = new Map();
	/** Which reading of the list is being continued with older entries. */
	continued = 0;

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
		this.list = new ReadList(
			ADMIN.auditCaption,
			() => this.read(),
			([owners, keys, page]) => this.draw(owners.items, keys.items, page),
		);
		for (const control of [this.action, this.owner, this.from, this.to]) on(control, "change", () => this.list.show());
		this.older.hidden = true;
		this.element = el(
			"section",
			el("p.quiet.admin-lead", ADMIN.auditNote),
			filtersOf(this.csv, [this.action, ADMIN.what], [this.owner, ADMIN.owner], [this.from, COMMON.from], [this.to, ADMIN.to]),
			this.list.element,
			this.older,
		);
	}

	async show() {
		await this.list.show();
	}

	/** What is asked for. Days are those of this browser. */
	get query() {
		const query = new URLSearchParams();
		if (this.action.value) query.set("action", this.action.value);
		if (this.owner.value) query.set("owner", this.owner.value);
		if (this.from.value) query.set("since", startOf(this.from.value));
		if (this.to.value) query.set("until", startOf(this.to.value, 1));
		return query;
	}

	read() {
		const query = this.query;
		this.csv.href = published(`/api/audit?${new URLSearchParams([...query, ["format", "csv"]])}`);
		// The entries that are there cannot be continued by what is asked for now.
		this.note(null);
		return Promise.all([this.api.get("/api/owners"), this.api.get("/api/keys"), this.api.get("/api/audit", { query })]);
	}

	/**
	 * @param {readonly Owner[]} owners
	 * @param {readonly ApiKey[]} keys
	 * @param {AuditPage} page
	 */
	draw(owners, keys, page) {
		fill(this.owner, ownerOptions(owners, this.owner.value));
		this.names = new Map(keys.map(({ id, name }) => [id, name]));
		this.note(page.nextCursor);
		if (!page.items.length) return [noteLine(ADMIN.noEntry)];
		return page.items.map((entry) => this.line(entry));
	}

	async more() {
		const { reads } = this.list;
		if (this.cursor === null || this.continued === reads) return;
		this.continued = reads;
		const query = this.query;
		query.set("cursor", this.cursor);
		try {
			const page = await this.api.get("/api/audit", { query });
			if (reads !== this.list.reads) return;
			const [first] = this.list.rows.append(page.items.map((entry) => this.line(entry)));
			this.note(page.nextCursor);
			// The button may be gone: whoever pressed it goes on reading where they were.
			first?.setAttribute("tabindex", "-1");
			first?.focus();
		} catch (problem) {
			reportProblem(ADMIN.noOlderEntries, problem);
		} finally {
			if (this.continued === reads) this.continued = 0;
		}
	}

	/** @param {string | null | undefined} cursor */
	note(cursor) {
		this.cursor = cursor ?? null;
		this.older.hidden = this.cursor === null;
	}

	/**
	 * @param {AuditEntry} entry
	 * @returns {Line}
	 */
	line(entry) {
		return { key: String(entry.id), data: [entry, actorText(entry.actor, this.names)], make: () => this.rowOf(entry) };
	}

	/** @param {AuditEntry} entry */
	rowOf({ at, actor, owner, action, target, before, after, address, requestId }) {
		const change = changeText(before, after);
		return el(
			"li.admin-row",
			{ "data-action": action },
			el(
				"div.admin-main",
				el("p.admin-name", actionText(action)),
				el("p.admin-meta", target && el("code", target), owner && el("span", owner), change && el("span", change)),
			),
			el("div.admin-times", el("p", actorText(actor, this.names)), el("p", timeElement(at), address && el("span", { title: requestId && ADMIN.request(requestId) }, ADMIN.fromAddress(address)))),
		);
	}
}

/**
 * Return when a day begins here, or a day so many days later: days are not all equally long.
 *
 * @param {string} day `2026-01-31`
 * @param {number} [later]
 */
function startOf(day, later = 0) {
	const start = new Date(`${day}T00:00`);
	start.setDate(start.getDate() + later);
	return start.toISOString();
}
