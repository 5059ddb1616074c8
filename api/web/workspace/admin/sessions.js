// Sessions: the browsers that are signed in. An admin ends one, and whoever used it has to sign in again.

import { caller } from "../core/access.js";
import { timeElement } from "../core/clock.js";
import { confirm } from "../core/dialogs.js";
import { button, el } from "../core/dom.js";
import { exactTime } from "../core/format.js";
import { notify, reportProblem } from "../core/notices.js";
import { ADMIN } from "../words/admin.js";
import { COMMON } from "../words/common.js";
import { browserName } from "../words/keys.js";
import { noteLine, ReadList } from "./loading.js";

/** @import { Api } from "../core/api.js" */
/** @import { ApiKey, BrowserSession } from "../../types/page.js" */

export class Sessions {
	/** @type {Map<string, string>} The names of keys by id. */
	names = new Map();

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
		this.list = new ReadList(
			ADMIN.sessions,
			() => Promise.all([api.get("/api/sessions"), api.get("/api/keys")]),
			([sessions, keys]) => this.draw(sessions.items, keys.items),
		);
		this.element = el("section", el("p.quiet.admin-lead", ADMIN.sessionsNote), this.list.element);
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
		if (!sessions.length) return [noteLine(ADMIN.nobodySignedIn)];
		return sessions.map((session) => ({ key: session.id, data: [session, this.names.get(session.keyId ?? "")], make: () => this.rowOf(session) }));
	}

	/** @param {BrowserSession} session */
	rowOf(session) {
		const own = isOwn(session);
		const name = session.keyId ? (this.names.get(session.keyId) ?? `pm_${session.keyId}…`) : COMMON.apiToken;
		const browser = el("span", { title: session.userAgent }, browserName(session.userAgent));
		return el(
			"li.admin-row",
			{ "data-session": session.id },
			el("div.admin-main", el("p.admin-name", name, own && el("span.chip", { "data-tone": "good" }, ADMIN.thisBrowser)), el("p.admin-meta", el("span", session.owner), browser, session.address && el("span", session.address))),
			el("div.admin-times", el("p", ADMIN.lastUsed, timeElement(session.lastUsedAt)), el("p", ADMIN.sinceTime(exactTime(session.createdAt)))),
			el("div.admin-acts", button("is-small", () => this.end(session, name), { "aria-label": ADMIN.endSessionOf(name) }, ADMIN.end)),
		);
	}

	/**
	 * @param {BrowserSession} session
	 * @param {string} name
	 */
	async end(session, name) {
		const body = [ADMIN.endNote(name), isOwn(session) && ADMIN.ownSession];
		if (!(await confirm(ADMIN.endQuestion, body, ADMIN.endSession))) return;
		try {
			await this.api.delete("/api/sessions/{session_id}", { params: { session_id: session.id } });
			notify(ADMIN.sessionEnded);
		} catch (problem) {
			reportProblem(ADMIN.sessionNotEnded, problem);
		}
		await this.list.show();
	}
}

/** @param {BrowserSession} session */
function isOwn(session) {
	return caller()?.actor?.startsWith(`session:${session.id} `) ?? false;
}
