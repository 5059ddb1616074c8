// Who is signed in, at the top of the page: their name, signing out, and for whom an admin acts.

import { actingFor, caller, personOf } from "./access.js";
import { asProblem } from "./api.js";
import { byId, on, setAttribute, setText } from "./dom.js";
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
	 * @param {() => void} parts.onSignOut Forgets what the person typed.
	 */
	constructor({ api, session, onSignOut }) {
		this.api = api;
		this.session = session;
		this.onSignOut = onSignOut;
		on(byId("sign-out"), "click", () => this.signOut());
		on(byId("sign-out-at-proxy"), "click", () => onSignOut());
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
			setAttribute(button, "aria-label", `Signed in: ${name}, ${now.owner}`);
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
		if (owner) showActing(`Acting for ${owner}.`, "You see this owner’s jobs, and what you queue belongs to them.");
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
		showActing(`There is no owner ${owner}.`, "Nothing can be shown or queued for it.");
		return true;
	}

	/**
	 * Tell somebody whom the proxy has signed in why they may not use this, and offer nothing else.
	 *
	 * @param {Problem} problem
	 */
	showRefusal(problem) {
		for (const id of ["leave-owner", "work", "tabs", "connection"]) byId(id).hidden = true;
		showActing("You cannot use this Promptmill.", problem.sentence);
	}

	/** Begin anew, so that nothing of this person is left in the page. */
	async signOut() {
		try {
			await this.session.signOut();
			this.onSignOut();
			location.assign(published("/"));
		} catch (problem) {
			reportProblem("You are still signed in.", problem);
		}
	}
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
	return personOf(session) ?? keyName ?? (actor?.endsWith("token") ? "API token" : (actor ?? "Unnamed"));
}
