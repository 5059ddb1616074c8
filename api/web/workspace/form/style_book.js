// The styles in which Grok can write: everybody's and one's own, read when they are first needed.

import { asProblem } from "../core/api.js";
import { confirm } from "../core/dialogs.js";
import { announce, reportProblem } from "../core/notices.js";
import { ASK, STYLES } from "../words/partner.js";

/** @import { Api } from "../core/api.js" */
/** @import { PromptStyle } from "../../types/page.js" */

export class StyleBook {
	/** @type {PromptStyle[]} */
	styles = [];
	/** @type {string | null} Why they are not there. */
	problem = null;

	/**
	 * @param {Api} api
	 * @param {() => void} changed
	 */
	constructor(api, changed) {
		this.api = api;
		this.changed = changed;
	}

	async load() {
		try {
			this.styles = (await this.api.get("/api/prompt-styles")).items;
			this.problem = null;
		} catch (thrown) {
			this.problem = `${ASK.unreachable} ${asProblem(thrown).sentence}`;
		}
		this.changed();
	}

	/**
	 * Return the styles that can be chosen; a chosen one that is gone is among them, so that it can be seen and changed.
	 *
	 * @param {string} chosen
	 * @returns {Pick<PromptStyle, "name" | "wording" | "own" | "models">[]}
	 */
	offered(chosen) {
		const there = this.styles.filter(({ wording }) => wording !== null);
		const known = !chosen || there.some(({ name }) => name === chosen);
		return known ? there : [...there, { name: chosen, wording: null, own: false, models: [] }];
	}

	/**
	 * Return the style of that name if it is one's own.
	 *
	 * @param {string} name
	 */
	own(name) {
		return this.styles.find((style) => style.own && style.name === name) ?? null;
	}

	/**
	 * Store a style; returns whether it is stored.
	 *
	 * @param {string} name
	 * @param {string} wording
	 */
	async save(name, wording) {
		try {
			await this.api.put("/api/prompt-styles/{style}", { params: { style: name }, body: { wording } });
		} catch (problem) {
			reportProblem(STYLES.notSaved, problem);
			return false;
		}
		announce(STYLES.saved(name));
		await this.load();
		return true;
	}

	/**
	 * Delete a style, once that is confirmed; returns whether it is gone.
	 *
	 * @param {string} name
	 */
	async remove(name) {
		if (!(await confirm(STYLES.sure(name), [STYLES.sureMore], STYLES.remove))) return false;
		try {
			await this.api.delete("/api/prompt-styles/{style}", { params: { style: name } });
		} catch (problem) {
			reportProblem(STYLES.notDeleted, problem);
			return false;
		}
		announce(STYLES.deleted(name));
		await this.load();
		return true;
	}
}
