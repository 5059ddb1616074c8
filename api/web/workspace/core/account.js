// Who is signed in, at the top of the page: their name, signing out, and for whom an admin acts.

import { ACCOUNT } from "../words/account.js";
import { COMMON } from "../words/common.js";
import { actingFor, caller, personOf } from "./access.js";
import { asProblem } from "./api.js";
import { byId, on, setAttribute, setText } from "./dom.js";
import { DRAFTS } from "./drafts.js";
import { reportProblem } from "./notices.js";
import { published } from "./published.js";
import { roleOf } from "./roles.js";

/** @import { Api, Problem } from "./api.js" */
/** @import { Session as SessionAnswer } from "../../types/page.js" */
/** @import { Session } from "./session.js" */

export class Account {
	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {Session} parts.session
	 */
	constructor({ api, session }) {
		this.api = api;
		this.session = session;
		on(byId("sign-out"), "click", () => this.signOut());
		on(byId("sign-out-at-proxy"), "click", forgetDrafts);
		byId("leave-owner", HTMLAnchorElement).href = published("/");
	}

	show() {
		const now = caller();
		const named = now !== null && now.signedIn && now.signInRequired;
		const button = byId("account");
		button.hidden = !named;
		if (named) {
			const name = nameOf(now);
			setText(byId("account-name"), name);
			setAttribute(button, "aria-label", ACCOUNT.signedIn(name, now.owner));
			setText(byId("account-key"), name);
			setText(byId("account-owner"), [now.owner, roleOf(now.scopes) ?? now.scopes.join(", ")].join(" · "));
			// A person that a proxy names has no session here to end.
			byId("sign-out").hidden = !now.actor?.startsWith("session:");
			const atProxy = byId("sign-out-at-proxy", HTMLAnchorElement);
			atProxy.hidden = !now.signOutUrl;
			atProxy.href = now.signOutUrl ?? "";
		}
		const owner = now?.signedIn ? actingFor() : null;
		byId("acting").hidden = true;
		if (owner) showActing(ACCOUNT.actingFor(owner), ACCOUNT.actingNote);
	}

	/** Return whether the owner that an admin acts for does not exist, which is then told. */
	async actsForNobody() {
		const owner = actingFor();
		if (owner === null) return false;
		const code = await this.api.get("/api/owners").then(
			() => "",
			(problem) => asProblem(problem).code,
		);
		if (code !== "unknown_owner") return false;
		showActing(ACCOUNT.noOwner(owner), ACCOUNT.noOwnerNote);
		return true;
	}

	/**
	 * Tell somebody whom the proxy has signed in why they may not use this, and offer nothing else.
	 *
	 * @param {Problem} problem
	 */
	showRefusal(problem) {
		for (const id of ["leave-owner", "work", "tabs", "connection"]) byId(id).hidden = true;
		showActing(ACCOUNT.refused, problem.sentence);
	}

	/** Begin anew, so that nothing of this person is left in the page. */
	async signOut() {
		try {
			await this.session.signOut();
			forgetDrafts();
			location.assign(published("/"));
		} catch (problem) {
			reportProblem(ACCOUNT.stillSignedIn, problem);
		}
	}
}

/** Remove what the person typed, for all owners: whoever uses this browser next does not see it. */
function forgetDrafts() {
	DRAFTS.forgotten = true;
	const own = [DRAFTS.form, DRAFTS.batch];
	for (const name of Object.keys(localStorage)) if (own.some((one) => name === one || name.startsWith(`${one}@`))) localStorage.removeItem(name);
}

/**
 * @param {string} title
 * @param {string} text
 */
function showActing(title, text) {
	setText(byId("acting-owner"), title);
	setText(byId("acting-text"), text);
	byId("acting").hidden = false;
}

/** @param {SessionAnswer} session */
function nameOf(session) {
	const { keyName, actor } = session;
	return personOf(session) ?? keyName ?? (actor?.endsWith("token") ? COMMON.apiToken : (actor ?? ACCOUNT.unnamed));
}
