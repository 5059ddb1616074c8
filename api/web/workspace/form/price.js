// The price that WaveSpeed would charge for the form's job, before it is queued.

import { byId, setText } from "../core/dom.js";
import { priceBody } from "./form_rules.js";

/** @import { Api } from "../core/api.js" */
/** @import { Quote } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */

const DEBOUNCE_MS = 400;

export class Price {
	place = byId("price");
	/** @type {string | null} */
	requested = null;
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
		state.listen("change", () => this.schedule());
		models.listen("change", () => this.schedule());
	}

	schedule() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.update(), DEBOUNCE_MS);
	}

	/** Fetch a quote if the request has changed; a stale response is ignored. */
	async update() {
		const { values } = this.state;
		const body = priceBody(values, this.models);
		const requested = JSON.stringify([body, values.writer]);
		if (requested === this.requested) return;
		this.requested = requested;
		// The last price was for a different request.
		this.place.style.visibility = "hidden";
		const quote = body && (await this.api.post("/api/models/price", { body }).catch(() => null));
		if (requested !== this.requested) return;
		// Failed: the next change triggers a retry.
		if (!quote) this.requested = null;
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
