// Signs in and out: a key is exchanged for a cookie that no script can read, so nothing secret is kept by the page.

import { CORE } from "../words/core.js";
import { NAMED_OWNER, caller, isSameCaller, may, noteSession, personOf } from "./access.js";
import { Problem, asProblem } from "./api.js";
import { on } from "./dom.js";
import { lazy } from "./lazy.js";
import { ROOT } from "./published.js";

/** @import { Api } from "./api.js" */
/** @import { Session as SessionAnswer } from "../../types/page.js" */

const RETRY_SECONDS = 3;

const signInDialog = lazy(() => import("./sign_in.js"));

export class Session {
	/** The key that the dialog has filled in. */
	suggested = "";
	/** @type {Problem | null} Why the server did not say who the caller is. */
	failure = null;

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {() => void} parts.onChange
	 */
	constructor({ api, onChange }) {
		this.api = api;
		this.onChange = onChange;
		// Earlier releases kept a token here.
		sessionStorage.removeItem(`promptmill.token${ROOT}`);
		on(window, "focus", () => this.check());
	}

	/**
	 * Find out who uses the page, and let them sign in if they have to. If the server cannot tell, the page starts without.
	 * Return why somebody is refused whom a proxy has signed in, else null.
	 */
	async begin() {
		const found = await this.read();
		if (!found && [400, 403].includes(this.failure?.status ?? 0)) return this.failure;
		if (!found) setTimeout(() => this.readLate(), RETRY_SECONDS * 1000);
		else if (!found.signedIn) await this.api.signIn();
		return null;
	}

	/** Return what the server says; null if it cannot tell. */
	async ask() {
		try {
			return /** @type {SessionAnswer} */ (await this.api.get("/api/session"));
		} catch (problem) {
			this.failure = asProblem(problem);
			return null;
		}
	}

	async read() {
		const found = await this.ask();
		if (found) this.take(found);
		return found;
	}

	/** Look again whose session it is: a browser has one for all its tabs, and another tab may have begun it. */
	async check() {
		const before = caller();
		if (!before?.signedIn || this.api.asking) return;
		const { signIns } = this.api;
		const found = await this.ask();
		if (found?.signedIn) this.startAnewFor(found, before);
		else if (found) await this.api.signIn(signIns);
	}

	/** Try again until the server can tell; the page begins anew if it has offered too much. */
	async readLate() {
		const found = await this.read();
		if (!found) setTimeout(() => this.readLate(), RETRY_SECONDS * 1000);
		else if (NAMED_OWNER || !(may("jobs:read") && may("jobs:write") && may("jobs:resolve"))) location.reload();
	}

	/**
	 * Sign in with a key that was just made. If that fails, ask for a key, with this one filled in.
	 *
	 * @param {string} key
	 */
	async signInWith(key) {
		this.suggested = key;
		const begin = async () => {
			const found = await this.exchange(key).catch(() => null);
			if (found) this.take(found);
			else await this.signIn();
		};
		// Calls that are refused meanwhile, since there is a key, wait for this one instead of asking for another.
		await (this.api.asking ? begin() : this.api.signIn(this.api.signIns, begin));
		this.suggested = "";
	}

	/** Ask for a key until one is accepted. */
	async signIn() {
		if (personOf(caller()) !== null) {
			// The proxy signs them in again where the page is loaded; what was typed survives that.
			location.reload();
			await new Promise(() => {});
		}
		const module = await signInDialog();
		if (!module) throw new Problem(0, { detail: CORE.silent });
		const before = caller();
		const found = await module.askKey(before?.signedIn ?? false, this.suggested, (key) => this.exchange(key));
		// What was on its way for the one is not sent for the other.
		if (this.startAnewFor(found, before)) await new Promise(() => {});
		this.take(found);
	}

	/**
	 * Begin anew if somebody else has signed in than whose jobs the page shows; return whether it does.
	 *
	 * @param {SessionAnswer} found
	 * @param {SessionAnswer | null} before
	 */
	startAnewFor(found, before) {
		const other = before === null || (before.signedIn && !isSameCaller(before, found));
		if (other) location.reload();
		return other;
	}

	/**
	 * Begin a session, and return it as it was taken up. Throws `Problem` if it was not.
	 *
	 * @param {string} key
	 */
	async exchange(key) {
		await this.api.post("/api/session", { body: { key } });
		const found = /** @type {SessionAnswer} */ (await this.api.get("/api/session"));
		if (!found.signedIn) throw new Problem(403, { detail: CORE.noCookies });
		return found;
	}

	/** End the session at the server; throws `Problem` if that fails. */
	async signOut() {
		await this.api.delete("/api/session");
	}

	/** @param {SessionAnswer} found */
	take(found) {
		noteSession(found);
		this.onChange();
	}
}
