// Sessions: the browsers that are signed in. An admin ends one, and whoever used it has to sign in again.

import { caller } from "../core/access.js";
import { timeElement } from "../core/clock.js";
import { confirm } from "../core/dialogs.js";
import { button, el } from "../core/dom.js";
import { exactTime } from "../core/format.js";
import { notify, reportProblem } from "../core/notices.js";
import { browserName } from "./key_words.js";
import { ReadList } from "./loading.js";

/** @import { Api } from "../core/api.js" */
/** @import { ApiKey, BrowserSession } from "../../types/page.js" */

export class Sessions {
	/** @type {Map<string, string>} The names of keys by id. */
	names = new Map();

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
		this.list = new ReadList(
			"Sessions",
			() => Promise.all([api.get("/api/sessions"), api.get("/api/keys")]),
			([sessions, keys]) => this.draw(sessions.items, keys.items),
		);
		this.element = el("section", el("p.quiet.admin-lead", "A browser in which somebody has signed in with a key. A session ends after 12 hours without use, with its key, or here."), this.list.element);
	}

	async show() {
		await this.list.show();
	}

	/**
	 * @param {readonly BrowserSession[]} sessions
	 * @param {readonly ApiKey[]} keys
	 */
	draw(sessions, keys) {
		this.names = new Map(keys.map(({ id, name }) => [id, name]));
		if (!sessions.length) return [el("li.admin-none.quiet", "Nobody is signed in.")];
		return sessions.map((session) => this.rowOf(session));
	}

	/** @param {BrowserSession} session */
	rowOf(session) {
		const own = isOwn(session);
		const name = session.keyId ? (this.names.get(session.keyId) ?? `pm_${session.keyId}…`) : "API token";
		const browser = el("span", { title: session.userAgent }, browserName(session.userAgent));
		return el(
			"li.admin-row",
			{ "data-session": session.id },
			el("div.admin-main", el("p.admin-name", name, own && el("span.chip", { "data-tone": "good" }, "This browser")), el("p.admin-meta", el("span", session.owner), browser, session.address && el("span", session.address))),
			el("div.admin-times", el("p", "Last used: ", timeElement(session.lastUsedAt)), el("p", `Since ${exactTime(session.createdAt)}`)),
			el("div.admin-acts", button("is-small", () => this.end(session, name), { "aria-label": `End the session of ${name}` }, "End")),
		);
	}

	/**
	 * @param {BrowserSession} session
	 * @param {string} name
	 */
	async end(session, name) {
		const body = [`Whoever signed in as ${name} has to sign in again. Their key still works: revoke it to keep them out.`, isOwn(session) && "This is your own session."];
		if (!(await confirm("End this session?", body, "End the session"))) return;
		try {
			await this.api.delete("/api/sessions/{session_id}", { params: { session_id: session.id } });
			notify("Session ended.");
		} catch (problem) {
			reportProblem("The session was not ended.", problem);
		}
		await this.list.show();
	}
}

/** @param {BrowserSession} session */
function isOwn(session) {
	return caller()?.actor?.startsWith(`session:${session.id} `) ?? false;
}
