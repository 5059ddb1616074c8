// What WaveSpeed would ask for what the form says, before it is queued.

import { byId, setText } from "../core/dom.js";
import { priceBody } from "./form_rules.js";

/** @import { Api } from "../core/api.js" */
/** @import { Quote } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */

const PAUSE_MS = 400;

export class Price {
	place = byId("price");
	/** @type {string | null} */
	asked = null;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	timer;

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {FormState} parts.state
	 * @param {Models} parts.models
	 */
	constructor({ api, state, models }) {
		this.api = api;
		this.state = state;
		this.models = models;
		state.listen("change", () => this.soon());
		models.listen("change", () => this.soon());
	}

	soon() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.ask(), PAUSE_MS);
	}

	/** Ask anew where the question has changed; an answer that comes too late is passed over. */
	async ask() {
		const { values } = this.state;
		const body = priceBody(values, this.models);
		const asked = JSON.stringify([body, values.writer]);
		if (asked === this.asked) return;
		this.asked = asked;
		// The last price was another question's.
		this.place.style.visibility = "hidden";
		const quote = body && (await this.api.post("/api/models/price", { body }).catch(() => null));
		if (asked !== this.asked) return;
		// Not heard: the next change asks again.
		if (!quote) this.asked = null;
		this.show(quote);
	}

	/** @param {Quote | null} quote */
	show(quote) {
		this.place.hidden = !quote;
		this.place.style.visibility = "";
		this.place.dataset.tone = quote?.floor ? "attention" : "quiet";
		setText(this.place, quote && `${quote.text}${this.state.get("writer") === "grok" ? " Grok’s tokens are charged in addition." : ""}`);
	}
}
